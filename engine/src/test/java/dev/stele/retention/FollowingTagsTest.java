package dev.stele.retention;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Event;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.policy.TestPolicies;
import dev.stele.registry.NewHold;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Row 52: tags that are signatures of an image by their name live and go with it. */
class FollowingTagsTest {
  private static final RepositoryName A = RepositoryName.parse("a");

  @TempDir private Path folder;
  private RetentionFixture registry;

  @BeforeEach
  void open() throws IOException {
    registry = new RetentionFixture(folder, RegistryOptions.DEFAULT);
  }

  @AfterEach
  void close() throws IOException {
    registry.close();
  }

  private static RetentionPolicy newest(int count, String... patterns) {
    return TestPolicies.read(
        """
        {"policies":[{"repositories":["**"],"delete-untagged":true,"keep-tags":[
          {%s"most-recently-pushed-count":%d}]}]}
        """
            .formatted(
                patterns.length == 0
                    ? ""
                    : "\"patterns\":[\"%s\"],".formatted(String.join("\",\"", patterns)),
                count));
  }

  private static String named(Digest image, String suffix) {
    return image.toString().replace(':', '-') + suffix;
  }

  private Digest index(String tag, Digest child) {
    TestManifest index = TestManifest.index(MediaTypes.OCI_INDEX, MediaTypes.OCI_INDEX, child);
    return TestClient.push(registry.registry(), A, Tag.parse(tag), index);
  }

  /** What is decided now, which the views say, and again from the record. */
  private Map<String, String> reasons(RetentionPolicy policy) {
    List<TagDecision> live = new ArrayList<>();
    registry.retention().preview(policy.of(A).orElseThrow(), A, live::add);
    List<TagDecision> replayed = new ArrayList<>();
    registry.reprocessing().preview(policy, A, registry.reprocessing().now(), replayed::add);
    assertThat(replayed).isEqualTo(live);
    return live.stream()
        .collect(
            Collectors.toMap(
                decision -> decision.tag().value(), decision -> decision.verdict().reason()));
  }

  @Test
  @DisplayName("52: whatever is named after an image stays with it, and goes with it")
  void signaturesGoWithTheirImage() {
    Digest old = registry.put("a", "old", "v1");
    Digest young = registry.put("a", "young", "v2");
    for (String suffix : List.of(".sig", ".att", ".sbom", "")) {
      registry.put("a", "of old" + suffix, named(old, suffix));
    }
    Digest signature = registry.put("a", "of young", named(young, ".sig"));
    registry.put("a", "of the signature", named(signature, ".sig"));
    registry.put("a", "of young too", named(young, ".att"));
    registry.retention().adopt(newest(1));
    assertThat(reasons(newest(1)))
        .containsEntry("v1", "not kept by any rule of keep-tags[0]")
        .containsEntry("v2", "kept by keep-tags[0].most-recently-pushed-count")
        .containsEntry(named(old, ".sig"), "named after " + old + ", which goes")
        .containsEntry(named(young, ".sig"), "named after " + young + ", which stays");
    assertThat(registry.runIn(Duration.ZERO).removed()).isEqualTo(5);
    assertThat(registry.tags("a"))
        .containsExactlyInAnyOrder(
            "v2", named(young, ".sig"), named(young, ".att"), named(signature, ".sig"));
    Event.RetentionEvaluated evaluated = registry.events(Event.RetentionEvaluated.class).getFirst();
    assertThat(registry.reprocessing().decideAgain(evaluated)).isEqualTo(evaluated.decisions());
    Explanation explanation =
        registry
            .reprocessing()
            .explain(
                A, Tag.parse(named(old, ".sig")), registry.reprocessing().now(), Optional.empty())
            .orElseThrow();
    assertThat(explanation.verdict()).contains(new Verdict.Follows(old.toString(), false));
    assertThat(
            registry
                .reprocessing()
                .replay(
                    newest(1),
                    A,
                    new Occurrence(
                        0, registry.reprocessing().now().at().minus(Duration.ofHours(1))),
                    registry.reprocessing().now(),
                    new Reprocessing.Timing.AsRecorded()))
        .allMatch(difference -> difference.kind() == Difference.Kind.SAME);
  }

  @Test
  @DisplayName("52: an image that is put while tags are removed keeps its signatures")
  void putMeanwhile() {
    Digest old = registry.put("a", "old", "v1");
    registry.put("a", "of old", named(old, ".sig"));
    Digest older = registry.put("a", "older", "v0");
    registry.put("a", "of older", named(older, ".sig"));
    registry.put("a", "young", "v2");
    registry.retention().adopt(newest(1));
    List<TagDecision> removals = new ArrayList<>();
    registry
        .retention()
        .preview(
            newest(1).of(A).orElseThrow(),
            A,
            decision -> {
              if (!decision.verdict().keeps()) {
                removals.add(decision);
              }
            });
    assertThat(removals).hasSize(4);
    long head = registry.events().size();
    registry.put("a", "old", "another");
    index("index", older);
    OptionalInt removed =
        registry
            .fixture()
            .commands()
            .append(
                new RemoveTags(
                    registry.fixture().commands().system(Retention.ACTOR),
                    A,
                    newest(1).digest(),
                    head,
                    head,
                    removals));
    assertThat(removed).hasValue(2);
    assertThat(registry.tags("a"))
        .containsExactlyInAnyOrder(
            "another", "index", "v2", named(old, ".sig"), named(older, ".sig"));
  }

  @Test
  @DisplayName("52: an image that stays without a tag keeps its signatures")
  void whatStaysWithoutATagKeepsItsSignatures() {
    Digest platform = registry.put("a", "platform", "v1-amd64");
    Digest index = index("v1", platform);
    Digest untagged = registry.put("a", "untagged");
    Digest held = registry.put("a", "held", "v0");
    for (Digest image : List.of(platform, index, untagged, held)) {
      registry.put("a", "of " + image, named(image, ".sig"));
    }
    index("v1", platform); // put last
    registry
        .registry()
        .holds()
        .place(
            ALICE,
            new NewHold(
                UUID.randomUUID(),
                new HoldScope(RepositoryGlob.parse("a"), Optional.empty(), Optional.of(held)),
                false,
                "case"));
    assertThat(reasons(newest(1)))
        .containsEntry("v1-amd64", "not kept by any rule of keep-tags[0]")
        .containsEntry(named(platform, ".sig"), "named after " + platform + ", which stays")
        .containsEntry(named(index, ".sig"), "named after " + index + ", which stays")
        .containsEntry(named(held, ".sig"), "named after " + held + ", which stays")
        .containsEntry(named(untagged, ".sig"), "named after " + untagged + ", which goes");
    RetentionPolicy keepsUntagged =
        TestPolicies.keeping("{\"most-recently-pushed-count\":1}", false);
    assertThat(reasons(keepsUntagged))
        .containsEntry(named(untagged, ".sig"), "named after " + untagged + ", which stays");
  }

  @Test
  @DisplayName("52: unless a pattern means them, or the image is not there")
  void othersAreJudgedByTheRules() {
    Digest image = registry.put("a", "image", "v1");
    registry.put("a", "signature", named(image, ".sig"));
    Digest elsewhere = registry.put("other", "elsewhere", "v1");
    registry.put("a", "of elsewhere", named(elsewhere, ".sig"));
    registry.put("a", "pinned", "pinned");
    Digest pinned = registry.put("a", "pinned", "pinned");
    registry.put("a", "pinned", named(pinned, ""));
    assertThat(reasons(newest(1, "^v", "\\\\.sig$")))
        .containsEntry(named(elsewhere, ".sig"), "kept by keep-tags[0].most-recently-pushed-count")
        .containsEntry(named(image, ".sig"), "not kept by any rule of keep-tags[0]");
    assertThat(reasons(newest(9, ".*", "[0-9a-f]")))
        .as("it matches, but does not mean it")
        .containsEntry(named(image, ".sig"), "named after " + image + ", which stays")
        .containsEntry(named(elsewhere, ".sig"), "kept by keep-tags[0].most-recently-pushed-count")
        .containsEntry(named(pinned, ""), "kept by keep-tags[0].most-recently-pushed-count");
    assertThat(reasons(newest(9, "^v")))
        .containsEntry(named(elsewhere, ".sig"), "not matched by any entry of keep-tags");
  }
}
