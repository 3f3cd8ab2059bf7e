package dev.stele.gc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.DiskBlobStore;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
  private static final int LINKS = Collector.BATCH;
  private static final Caller ALICE = new Caller("alice", "r");
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  @TempDir private Path folder;
  private DiskBlobStore store;
  private RegistryFixture fixture;
  private Registry registry;
  private final List<Digest> images = new ArrayList<>();
  private final Map<Digest, Digest> subjects = new HashMap<>();
  private final Map<Digest, Digest> listed = new HashMap<>();
  private byte[] firstImage;

  @BeforeEach
  void open() throws Exception {
    store = new DiskBlobStore(folder);
    fixture =
        new RegistryFixture(
            store, RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO)));
    registry = fixture.registry();
    byte[] config = "{}".getBytes(UTF_8);
    assertThat(
            registry.putBlob(
                ALICE,
                APP,
                Sizes.digest(config),
                OptionalLong.of(config.length),
                new ByteArrayInputStream(config)))
        .isInstanceOf(Outcome.Ok.class);
    for (int n = 0; n < LINKS; n++) {
      byte[] image =
          "{\"schemaVersion\":2,\"config\":%s,\"layers\":[],\"annotations\":{\"n\":\"%d\"}}"
              .formatted(descriptor("a/b", Sizes.digest(config)), n)
              .getBytes(UTF_8);
      firstImage = n == 0 ? image : firstImage;
      images.add(put(MediaTypes.OCI_IMAGE, image, Optional.empty()));
    }
    for (int n = 0; n < LINKS; n++) {
      Digest next = images.get((n + 1) % LINKS);
      byte[] index =
          "{\"schemaVersion\":2,\"manifests\":[%s],\"subject\":%s}"
              .formatted(
                  descriptor(MediaTypes.OCI_IMAGE, next),
                  descriptor(MediaTypes.OCI_IMAGE, images.get(n)))
              .getBytes(UTF_8);
      Digest digest = put(MediaTypes.OCI_INDEX, index, Optional.empty());
      subjects.put(digest, images.get(n));
      listed.put(digest, next);
    }
    fixture
        .engine()
        .retention()
        .adopt(
            new RetentionPolicy(
                Duration.ZERO,
                false,
                List.of(
                    new RetentionPolicy.Policy(
                        List.of(RepositoryGlob.parse("**")),
                        new RetentionPolicy.Rules(true, true, List.of())))));
  }

  @AfterEach
  void close() throws Exception {
    assertThat(registry.upkeep().verifyProjections().equal()).isTrue();
    fixture.close();
    store.close();
  }

  private static String descriptor(String mediaType, Digest digest) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(mediaType, digest, Sizes.of(digest));
  }

  private Digest put(String mediaType, byte[] manifest, Optional<Tag> tag) {
    Reference reference =
        tag.<Reference>map(t -> t).orElse(new Reference.ByDigest(Sizes.digest(manifest)));
    return registry
        .putManifest(ALICE, APP, reference, mediaType, manifest, List.of())
        .orElseThrow(refusal -> new AssertionError(refusal))
        .digest();
  }

  /** Each plan is too small for it, until one is not. */
  @Test
  void itIsCollectedAlsoWhereItIsLargerThanAPlan() {
    fixture.collector().plan = LINKS / 2;
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
    assertThat(commands).hasSize(2 * LINKS / Collector.BATCH);
    listed.forEach((one, other) -> assertThat(when.get(one)).isLessThanOrEqualTo(when.get(other)));
    subjects.forEach(
        (one, other) -> assertThat(when.get(one)).isLessThanOrEqualTo(when.get(other)));
    assertThat(registry.exists(APP)).isFalse();
  }

  @Test
  void whatIsTaggedMeanwhileKeepsAllThatIsLeft() {
    while (registry.collecting().follow() > 0) {
      // until the view is up
    }
    Leases.start(fixture.database().jdbi(), Instant.EPOCH);
    long known = registry.archive().read(LogReader::nextPosition);
    List<Digest> indexes = List.copyOf(subjects.keySet());
    CollectManifests.Result first = collect(indexes.subList(0, 10), known);
    assertThat(first.gone()).isEqualTo(10);
    Digest left = indexes.get(LINKS - 1);
    put(MediaTypes.OCI_IMAGE, firstImage, Optional.of(Tag.parse("again")));
    CollectManifests.Result second = collect(List.of(left), first.known());
    assertThat(second.overtaken()).isTrue();
    assertThat(registry.collecting().run().failure()).isEmpty();
    assertThat(registry.manifest(APP, Tag.parse("again"))).isInstanceOf(Outcome.Ok.class);
  }

  @Test
  void ofACycleNothingGoesWhoseSubjectWasPromised() {
    while (registry.collecting().follow() > 0) {
      // until the view is up
    }
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
                fixture.commands().actorId(Collector.ACTOR),
                "gc",
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
