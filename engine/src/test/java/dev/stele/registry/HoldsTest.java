package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.gc.Candidate;
import dev.stele.gc.GcOptions;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TagPattern;
import dev.stele.projection.Hold;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hold outranks clients and the collector until it is released; immutable tags stay put. */
class HoldsTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final RepositoryName OTHER = RepositoryName.parse("other");
  private static final Tag V1 = Tag.parse("v1");
  private static final Tag LATEST = Tag.parse("latest");

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Registry registry;

  @BeforeEach
  void open() throws IOException {
    fixture =
        RegistryFixture.onDisk(
            folder,
            RegistryOptions.DEFAULT
                .withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO))
                .withImmutableTags(
                    new ImmutableTags(
                        List.of(
                            new ImmutableTags.Rule(
                                List.of(RepositoryGlob.parse("other")),
                                List.of(TagPattern.parse("^v")))))));
    registry = fixture.registry();
  }

  @AfterEach
  void close() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  private Digest upload(RepositoryName repository, String content) throws IOException {
    return TestClient.upload(registry, repository, content);
  }

  private Outcome<PutManifest> put(RepositoryName repository, String content, Tag... tags)
      throws IOException {
    TestManifest manifest = TestManifest.artifact(upload(repository, content));
    return TestClient.tryPut(registry, repository, manifest, tags);
  }

  private Digest push(RepositoryName repository, String content, Tag... tags) throws IOException {
    return ok(put(repository, content, tags)).digest();
  }

  private Digest sign(Digest subject) throws IOException {
    TestManifest signature = TestManifest.artifact(upload(APP, "signature")).subject(subject);
    return TestClient.put(registry, APP, signature);
  }

  private UUID hold(
      String repositories, Optional<Tag> tag, Optional<Digest> digest, boolean freeze) {
    UUID id = UUID.randomUUID();
    HoldScope scope = new HoldScope(RepositoryGlob.parse(repositories), tag, digest);
    assertThat(registry.holds().place(ALICE, new NewHold(id, scope, freeze, "case 7")))
        .isEqualTo(Outcome.ok(true));
    return id;
  }

  private void release(UUID hold) {
    assertThat(registry.holds().release(ALICE, hold, 0, "closed"))
        .isEqualTo(Outcome.ok(Optional.empty()));
  }

  private static void assertHeld(Outcome<?> outcome, UUID hold) {
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused ->
                assertThat(refused.refusal())
                    .isInstanceOfSatisfying(
                        Refusal.Held.class, held -> assertThat(held.hold().id()).isEqualTo(hold)));
  }

  private List<Candidate> candidates() {
    List<Candidate> found = new ArrayList<>();
    registry.collecting().candidates(found::add);
    return found;
  }

  @Test
  void aHeldRepositoryLosesNothing() throws Exception {
    Digest image = push(APP, "one", V1);
    Digest unused = upload(APP, "unused");
    UUID hold = hold("team/*", Optional.empty(), Optional.empty(), false);
    assertHeld(registry.deleteTag(ALICE, APP, V1), hold);
    assertHeld(registry.deleteManifest(ALICE, APP, image), hold);
    assertHeld(registry.deleteBlob(ALICE, APP, unused), hold);
    push(APP, "two", V1);
    assertThat(candidates()).isEmpty();
    assertThat(registry.collecting().run().idle()).isTrue();
    assertThat(registry.blobSize(APP, unused)).isInstanceOf(Outcome.Ok.class);

    release(hold);
    assertThat(candidates()).extracting(Candidate::reason).containsExactly("a hold was released");
    assertThat(registry.collecting().run().tally().blobs()).isEqualTo(1);
    ok(registry.deleteManifest(ALICE, APP, image));
  }

  @Test
  void aHeldTagStaysWithWhatItPointsToAndMayMoveUnlessItIsFrozen() throws Exception {
    Digest image = push(APP, "one", V1, LATEST);
    Digest signature = sign(image);
    UUID hold = hold("team/app", Optional.of(V1), Optional.empty(), false);
    assertHeld(registry.deleteTag(ALICE, APP, V1), hold);
    assertHeld(registry.deleteManifest(ALICE, APP, image), hold);
    assertHeld(registry.deleteManifest(ALICE, APP, signature), hold);
    ok(registry.deleteTag(ALICE, APP, LATEST));
    Digest two = push(APP, "two", V1);
    ok(registry.deleteManifest(ALICE, APP, signature));
    ok(registry.deleteManifest(ALICE, APP, image));

    UUID frozen = hold("**", Optional.of(V1), Optional.empty(), true);
    assertHeld(put(APP, "three", V1), frozen);
    assertThat(push(APP, "two", V1)).as("the same digest").isEqualTo(two);
    push(APP, "three", LATEST);
    push(OTHER, "new", V1);
    release(hold);
    assertHeld(registry.deleteTag(ALICE, APP, V1), frozen);
    release(frozen);
    ok(registry.deleteTag(ALICE, APP, V1));
  }

  @Test
  void aHeldDigestStaysWithItsBytesAndFrozenItKeepsItsTags() throws Exception {
    Digest image = push(APP, "one", V1);
    Digest config = registry.blobs(APP, Optional.empty(), 10).items().getFirst();
    UUID hold = hold("team/app", Optional.empty(), Optional.of(image), true);
    assertHeld(registry.deleteManifest(ALICE, APP, image), hold);
    assertHeld(registry.deleteTag(ALICE, APP, V1), hold);
    assertHeld(put(APP, "two", V1), hold);
    release(hold);
    ok(registry.deleteManifest(ALICE, APP, image));
    ok(registry.deleteBlob(ALICE, APP, config));

    UUID late = hold("**", Optional.empty(), Optional.of(image), false);
    assertThat(candidates()).extracting(Candidate::kind).doesNotContain(Candidate.Kind.CONTENT);
    registry.collecting().run();
    assertThat(registry.archive().size(APP, config))
        .as("what only documents refer to is kept, so that it can be restored")
        .isPresent();
    release(late);
    registry.collecting().run();
    assertThat(registry.archive().size(APP, config)).isEmpty();
  }

  @Test
  void aHeldIndexKeepsTheBytesOfWhatItsImagesList() throws Exception {
    Digest image = push(APP, "one");
    Digest config = registry.blobs(APP, Optional.empty(), 10).items().getFirst();
    Digest index = TestClient.put(registry, APP, TestManifest.index(image));
    ok(registry.deleteManifest(ALICE, APP, index));
    ok(registry.deleteManifest(ALICE, APP, image));
    ok(registry.deleteBlob(ALICE, APP, config));
    UUID hold = hold("**", Optional.empty(), Optional.of(index), false);
    registry.collecting().run();
    assertThat(registry.archive().size(APP, config)).isPresent();
    release(hold);
    registry.collecting().run();
    assertThat(registry.archive().size(APP, config)).isEmpty();
  }

  private List<String> holdsOnRecord(String repository) {
    return registry
        .log()
        .events(
            -1,
            100,
            new EventFilter(
                Optional.of(RepositoryGlob.parse(repository)),
                java.util.Set.of("HoldPlaced", "HoldReleased"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()))
        .stream()
        .map(EventEntry::type)
        .toList();
  }

  @Test
  void whoAsksAboutARepositoryIsToldOfHoldsOfSeveral() {
    release(hold("team/*", Optional.empty(), Optional.empty(), false));
    List<String> both = List.of("HoldPlaced", "HoldReleased");
    for (String asked : List.of("team/app", "team/**", "team/a*", "**", "t*/app")) {
      assertThat(holdsOnRecord(asked)).as(asked).isEqualTo(both);
    }
    for (String asked : List.of("other", "other/**", "team/app/more")) {
      assertThat(holdsOnRecord(asked)).as(asked).isEmpty();
    }
  }

  /**
   * However many keep something alive, deciding costs no more; then a hold is taken for one of
   * them.
   */
  @Test
  void beyondAThousandKeepersAnyHoldOfTheRepositoryCounts() throws Exception {
    Digest image = push(APP, "one");
    Digest signature = sign(image);
    Digest unrelated = push(APP, "unrelated", LATEST);
    UUID hold = hold("team/app", Optional.empty(), Optional.of(unrelated), false);
    List<Digest> indexes = new ArrayList<>();
    for (int n = 0; n < 1_000; n++) {
      TestManifest index = TestManifest.index(image).annotation("n", "" + n);
      indexes.add(TestClient.put(registry, APP, index));
    }
    // The signature, its subject, and a thousand that list that.
    assertHeld(registry.deleteManifest(ALICE, APP, signature), hold);
    ok(registry.deleteManifest(ALICE, APP, indexes.removeLast()));
    ok(registry.deleteManifest(ALICE, APP, indexes.removeLast()));
    ok(registry.deleteManifest(ALICE, APP, signature));
  }

  @Test
  void whatIsReleasedHasAGracePeriod() throws Exception {
    fixture.close();
    fixture = RegistryFixture.onDisk(folder);
    registry = fixture.registry();
    upload(APP, "unused");
    UUID hold = hold("team/app", Optional.empty(), Optional.empty(), false);
    release(hold);
    assertThat(registry.collecting().run().idle()).isTrue();
    assertThat(registry.collecting().waiting().blobs()).isEqualTo(1);
  }

  @Test
  void holdsAreFoundAndListedAndPlacedOnce() {
    UUID first = hold("a/**", Optional.empty(), Optional.empty(), false);
    UUID second = hold("b", Optional.of(V1), Optional.empty(), true);
    NewHold same =
        new NewHold(
            first,
            new HoldScope(RepositoryGlob.parse("a/**"), Optional.empty(), Optional.empty()),
            false,
            "case 7");
    assertThat(registry.holds().place(ALICE, same)).isEqualTo(Outcome.ok(false));
    assertThat(registry.holds().place(ALICE, new NewHold(first, same.scope(), true, same.reason())))
        .isInstanceOf(Outcome.Refused.class);
    release(first);
    assertThat(registry.holds().release(ALICE, first, 0, "again"))
        .isEqualTo(Outcome.ok(Optional.empty()));
    assertThat(registry.holds().release(ALICE, UUID.randomUUID(), 0, "none"))
        .isInstanceOf(Outcome.Refused.class);
    assertThat(ok(registry.holds().find(first)).release())
        .hasValueSatisfying(
            release -> {
              assertThat(release.reason()).isEqualTo("closed");
              assertThat(release.act().actor()).contains("alice");
            });
    assertThat(registry.holds().list(false, Optional.empty(), 10).items())
        .extracting(Hold::id)
        .containsExactly(second);
    Page<Hold> page = registry.holds().list(true, Optional.empty(), 1);
    assertThat(page.items()).extracting(Hold::id).containsExactly(second);
    assertThat(page.more()).isTrue();
    long before = page.items().getLast().placed().position();
    assertThat(registry.holds().list(true, Optional.of(before), 1).items())
        .extracting(Hold::id)
        .containsExactly(first);
    assertThat(
            registry
                .log()
                .events(
                    -1,
                    10,
                    new EventFilter(Optional.of(RepositoryName.parse("b")), Optional.empty())))
        .as("a hold of one repository is among its events")
        .extracting(EventEntry::type)
        .containsExactly("HoldPlaced");
  }

  @Test
  void aHoldNeedsAReasonAndASimpleScope() {
    HoldScope scope = HoldScope.of(APP);
    for (String reason :
        List.of(
            "",
            " \n",
            "\u0000",
            "x".repeat(1001),
            "\ud800",
            "\u200b\ufeff \u00a0",
            "a\u202eb",
            "a\u2069")) {
      assertThatThrownBy(() -> new NewHold(UUID.randomUUID(), scope, false, reason))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("reason");
    }
    assertThat(new NewHold(UUID.randomUUID(), scope, false, "\u05d0\u200f \u200d!")).isNotNull();
    HoldScope never = new HoldScope(RepositoryGlob.parse("A"), Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> new NewHold(UUID.randomUUID(), never, false, "why"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("repositories can never match anything: ");
    assertThatThrownBy(
            () ->
                new HoldScope(
                    RepositoryGlob.parse("a"),
                    Optional.of(V1),
                    Optional.of(Sizes.digest(new byte[0]))))
        .hasMessageContaining("not of both");
  }

  @Test
  void anImmutableTagIsCreatedAndStays() throws Exception {
    Digest one = push(OTHER, "one", V1, LATEST);
    assertThat(push(OTHER, "one", V1)).isEqualTo(one);
    Outcome<PutManifest> moved = put(OTHER, "two", LATEST, V1);
    assertThat(moved).isEqualTo(Outcome.refused(new Refusal.ImmutableTag(OTHER, V1, one)));
    assertThat(ok(registry.manifest(OTHER, LATEST)).digest())
        .as("refused as a whole")
        .isEqualTo(one);
    push(OTHER, "two", LATEST);
    assertThat(registry.deleteTag(ALICE, OTHER, V1)).isInstanceOf(Outcome.Refused.class);
    assertThat(registry.deleteManifest(ALICE, OTHER, one)).isInstanceOf(Outcome.Refused.class);
    ok(registry.deleteTag(ALICE, OTHER, LATEST));
    push(APP, "one", V1);
    push(APP, "two", V1);
  }
}
