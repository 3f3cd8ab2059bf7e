package dev.stele.history;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.log.AsOf;
import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TagPattern;
import dev.stele.projection.TagView;
import dev.stele.registry.Caller;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.NewHold;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import dev.stele.restore.RestoreRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A manifest with more tags than go into one transaction is deleted with all of them at once. */
class ManyTagsTest {
  private static final Caller BOB = new Caller("bob", "delete");
  private static final RepositoryName APP = RepositoryName.parse("app");
  private static final int TAGS = 450;

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Registry registry;
  private History history;
  private Digest deleted;
  private long position;

  @BeforeEach
  void deleteOneOfMany() throws IOException {
    fixture =
        RegistryFixture.onDisk(
            folder,
            RegistryOptions.DEFAULT.withImmutableTags(
                new ImmutableTags(
                    List.of(
                        new ImmutableTags.Rule(
                            List.of(RepositoryGlob.parse("app")),
                            List.of(TagPattern.parse("^release")))))));
    registry = fixture.registry();
    history = new History(registry);
    put("other", List.of(Tag.parse("other")));
    deleted = putUnderMany("many");
    assertThat(registry.deleteManifest(BOB, APP, deleted)).isEqualTo(Outcome.ok(deleted));
    position = newest();
  }

  @AfterEach
  void close() {
    fixture.assertViewsEqualAReplay();
    while (registry.upkeep().recordBuriedTags()) {
      // until the record says it of each tag
    }
    fixture.assertViewsEqualAReplay();
    List<TagView.Tombstone> left =
        fixture.database().jdbi().withHandle(handle -> TagView.tombstones(handle, 1));
    assertThat(left).isEmpty();
    fixture.close();
  }

  private Digest put(String name, List<Tag> tags) {
    return TestClient.put(registry, APP, TestManifest.emptyIndex(name), tags.toArray(Tag[]::new));
  }

  private Digest putUnderMany(String name) {
    return put(name, tags());
  }

  private static List<Tag> tags() {
    List<Tag> tags = new ArrayList<>();
    for (int i = 0; i < TAGS; i++) {
      tags.add(tag(i));
    }
    return tags;
  }

  private static Tag tag(int number) {
    return Tag.parse("t" + (1000 + number));
  }

  private List<Tag> present() {
    return ok(registry.tags(APP, Optional.empty(), 2 * TAGS)).items();
  }

  private long newest() {
    return fixture.database().jdbi().withHandle(LogReader::nextPosition) - 1;
  }

  private List<EventEntry> deletions() {
    return registry
        .log()
        .events(-1, 2 * TAGS, new EventFilter(Optional.of(APP), Optional.of("TagDeleted")));
  }

  private AsOf at(long at) {
    return ok(history.asOf(new Moment.AtPosition(at)));
  }

  @Test
  void allOfItIsGoneAtOnceAndTheRecordFollows() {
    assertThat(present()).containsExactly(Tag.parse("other"));
    assertThat(registry.manifest(APP, new Reference.ByDigest(deleted)))
        .isInstanceOf(Outcome.Refused.class);
    assertThat(registry.manifest(APP, tag(TAGS - 1))).isInstanceOf(Outcome.Refused.class);
    assertThat(registry.deleteTag(BOB, APP, tag(TAGS - 1))).isInstanceOf(Outcome.Refused.class);
    assertThat(ok(registry.index(APP)).manifests()).hasSize(1);
    assertThat(deletions()).hasSizeLessThan(TAGS / 2);
    assertThat(registry.upkeep().recordBuriedTags()).isTrue();
    assertThat(deletions()).as("a few more").hasSizeLessThan(TAGS);
    while (registry.upkeep().recordBuriedTags()) {
      assertThat(present()).containsExactly(Tag.parse("other"));
    }
    assertThat(deletions())
        .hasSize(TAGS)
        .allSatisfy(
            event -> {
              assertThat(event.cause().get("kind").asText()).isEqualTo("DIGEST_DELETE");
              assertThat(event.actor()).contains("bob");
              assertThat(event.requestId()).isEqualTo("delete");
            });
  }

  @Test
  void thePastIsTheSameBeforeAndAfterItIsRecorded() {
    Tag last = tag(TAGS - 1);
    List<TagView.Period> before =
        ok(history.tagHistory(history.now(), APP, last, 9, Long.MAX_VALUE));
    List<PastTag> thenTags =
        ok(history.tags(at(position), APP, Optional.empty(), 2 * TAGS)).items();
    long deletion =
        registry
            .log()
            .events(-1, 9, new EventFilter(Optional.of(APP), Optional.of("ManifestDeleted")))
            .getFirst()
            .position();
    List<Change> changes =
        ok(history.diff(at(deletion - 1), at(deletion), APP, Optional.empty(), 2 * TAGS)).items();
    assertThat(before)
        .singleElement()
        .satisfies(
            period -> {
              assertThat(period.untilPosition()).contains(deletion);
              assertThat(period.untilActor()).contains("bob");
              assertThat(period.endedBy()).contains("deleted");
            });
    assertThat(thenTags).extracting(PastTag::tag).containsExactly(Tag.parse("other"));
    assertThat(changes).hasSize(TAGS + 1);
    while (registry.upkeep().recordBuriedTags()) {
      // all of it
    }
    assertThat(ok(history.tagHistory(history.now(), APP, last, 9, Long.MAX_VALUE)))
        .isEqualTo(before);
    assertThat(ok(history.tags(at(position), APP, Optional.empty(), 2 * TAGS)).items())
        .isEqualTo(thenTags);
    assertThat(ok(history.tags(at(deletion - 1), APP, Optional.empty(), 2 * TAGS)).items())
        .hasSize(TAGS + 1);
    assertThat(
            ok(history.diff(at(deletion - 1), at(deletion), APP, Optional.empty(), 2 * TAGS))
                .items())
        .isEqualTo(changes);
  }

  @Test
  void pushedAgainItHasTheTagsOfThatPushAlone() {
    Tag again = tag(TAGS - 1);
    assertThat(put("many", List.of(again))).isEqualTo(deleted);
    assertThat(present()).containsExactly(Tag.parse("other"), again);
    put("another", List.of(tag(TAGS - 2)));
    assertThat(present()).containsExactly(Tag.parse("other"), tag(TAGS - 2), again);
    assertThat(registry.deleteManifest(BOB, APP, deleted))
        .as("once more")
        .isEqualTo(Outcome.ok(deleted));
    assertThat(put("many", List.of(tag(TAGS - 3)))).isEqualTo(deleted);
    while (registry.upkeep().recordBuriedTags()) {
      // all of it
    }
    assertThat(present()).containsExactly(Tag.parse("other"), tag(TAGS - 3), tag(TAGS - 2));
    assertThat(ok(history.tagHistory(history.now(), APP, again, 9, Long.MAX_VALUE)))
        .extracting(TagView.Period::endedBy)
        .containsExactly(Optional.of("deleted"), Optional.of("deleted"));
    fixture.registry().collecting().candidates(_ -> {});
  }

  @Test
  void itIsRestoredWithAllItsTags() throws IOException {
    long deletion =
        registry
            .log()
            .events(-1, 9, new EventFilter(Optional.of(APP), Optional.of("ManifestDeleted")))
            .getFirst()
            .position();
    assertThat(
            ok(fixture
                    .engine()
                    .restore()
                    .run(
                        ALICE,
                        new RestoreRequest(
                            APP, new Moment.AtPosition(deletion - 1), Optional.empty(), false),
                        1))
                .done())
        .isTrue();
    assertThat(present()).hasSize(TAGS + 1);
    assertThat(registry.upkeep().recordBuriedTags()).as("nothing is left to be recorded").isFalse();
    assertThat(present()).hasSize(TAGS + 1);
  }

  @Test
  void oneProtectedTagOfManyProtectsThemAll() {
    put("many", List.of());
    Digest held = putUnderMany("held");
    HoldScope scope =
        new HoldScope(RepositoryGlob.parse("a*"), Optional.of(tag(TAGS - 1)), Optional.empty());
    UUID id = UUID.randomUUID();
    ok(registry.holds().place(ALICE, new NewHold(id, scope, false, "case")));
    assertThat(registry.deleteManifest(BOB, APP, held))
        .isInstanceOfSatisfying(
            Outcome.Refused.class,
            refused -> assertThat(refused.refusal()).isInstanceOf(Refusal.Held.class));
    Tag release = Tag.parse("release");
    Digest immutable = put("immutable", List.of(release));
    assertThat(registry.deleteManifest(BOB, APP, immutable))
        .isEqualTo(Outcome.refused(new Refusal.ImmutableTag(APP, release, immutable)));
    assertThat(present()).hasSize(TAGS + 2);
  }
}
