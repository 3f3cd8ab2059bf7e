package dev.stele.gc;

import static dev.stele.registry.TestClient.push;
import static dev.stele.registry.TestClient.put;
import static dev.stele.registry.TestClient.upload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.TestPolicies;
import dev.stele.registry.Outcome;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Images, and for each an index that is its referrer and lists the next one, the last of them the
 * first: all of them keep all alive, and they are more than one command may collect.
 */
class LargeCycleTest {
  private static final int LINKS = Batches.MOST;
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Registry registry;
  private final List<Digest> images = new ArrayList<>();
  private final Map<Digest, Digest> subjects = new HashMap<>();
  private final Map<Digest, Digest> listed = new HashMap<>();
  private TestManifest firstImage;

  @BeforeEach
  void open() throws Exception {
    fixture =
        RegistryFixture.onDisk(
            folder, RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO)));
    registry = fixture.registry();
    Digest config = upload(registry, APP, "{}");
    firstImage = TestManifest.artifact(config).annotation("n", "0");
    for (int n = 0; n < LINKS; n++) {
      images.add(put(registry, APP, TestManifest.artifact(config).annotation("n", "" + n)));
    }
    for (int n = 0; n < LINKS; n++) {
      Digest next = images.get((n + 1) % LINKS);
      Digest digest = put(registry, APP, TestManifest.index(next).subject(images.get(n)));
      subjects.put(digest, images.get(n));
      listed.put(digest, next);
    }
    fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED);
  }

  @AfterEach
  void close() throws Exception {
    assertThat(registry.upkeep().verifyProjections().equal()).isTrue();
    fixture.close();
  }

  /** Each plan is too small for it, until one is not. */
  @Test
  void itIsCollectedAlsoWhereItIsLargerThanAPlan() {
    fixture.collector().manifests().plan = LINKS / 2;
    assertThat(registry.collecting().run().tally().manifests()).isEqualTo(2 * LINKS);
    assertThat(registry.exists(APP)).isFalse();
  }

  @Test
  void itGoesInSmallCommandsAndNothingThatIsLeftRefersToWhatIsGone() {
    assertThat(registry.collecting().run().failure()).isEmpty();
    Map<Digest, Integer> when = new HashMap<>();
    List<UUID> commands = new ArrayList<>();
    for (RecordedEvent event : events()) {
      if (event.event() instanceof Event.ManifestCollected collected) {
        if (!commands.contains(event.commandId())) {
          commands.add(event.commandId());
        }
        when.put(collected.digest(), commands.indexOf(event.commandId()));
      }
    }
    assertThat(when).hasSize(2 * LINKS);
    assertThat(commands).hasSize(2 * LINKS / Batches.MOST);
    listed.forEach((one, other) -> assertThat(when.get(one)).isLessThanOrEqualTo(when.get(other)));
    subjects.forEach(
        (one, other) -> assertThat(when.get(one)).isLessThanOrEqualTo(when.get(other)));
    assertThat(registry.exists(APP)).isFalse();
  }

  @Test
  void whatIsTaggedMeanwhileKeepsAllThatIsLeft() {
    fixture.follow();
    Leases.start(fixture.database().jdbi(), Instant.EPOCH);
    long known = registry.archive().read(LogReader::nextPosition);
    List<Digest> indexes = List.copyOf(subjects.keySet());
    CollectManifests.Result first = collect(indexes.subList(0, 10), known);
    assertThat(first.gone()).isEqualTo(10);
    Digest left = indexes.get(LINKS - 1);
    push(registry, APP, Tag.parse("again"), firstImage);
    CollectManifests.Result second = collect(List.of(left), first.known());
    assertThat(second.overtaken()).isTrue();
    assertThat(registry.collecting().run().failure()).isEmpty();
    assertThat(registry.manifest(APP, Tag.parse("again"))).isInstanceOf(Outcome.Ok.class);
  }

  @Test
  void ofACycleNothingGoesWhoseSubjectWasPromised() {
    fixture.follow();
    Leases.start(fixture.database().jdbi(), Instant.EPOCH);
    Digest index = subjects.keySet().iterator().next();
    // A promise that is not over, whatever the grace.
    fixture
        .database()
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "UPDATE lease SET promised_at = clock_timestamp() + interval '1 h' WHERE digest"
                        + " = ?",
                    subjects.get(index)));
    long known = registry.archive().read(LogReader::nextPosition);
    assertThat(collect(List.of(index), known))
        .isEqualTo(new CollectManifests.Result(0, false, known));
  }

  private CollectManifests.Result collect(List<Digest> part, long known) {
    return fixture
        .commands()
        .append(
            new CollectManifests(
                fixture.commands().system(Collector.ACTOR),
                APP,
                new LivenessGraph.Batch(part, true),
                Duration.ZERO,
                known));
  }

  private List<RecordedEvent> events() {
    List<RecordedEvent> all = new ArrayList<>();
    fixture
        .database()
        .jdbi()
        .useHandle(handle -> new LogReader(new EventCodec()).replay(handle, 0, all::addAll));
    return all;
  }
}
