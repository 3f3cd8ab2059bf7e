package dev.stele.retention;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;

import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.PullView;
import dev.stele.projection.TagView;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A registry with small manifests, and retention whose clock a test may put forward. */
final class RetentionFixture implements AutoCloseable {
  private final RegistryFixture fixture;
  private final Retention retention;
  private final EventCodec codec = new EventCodec();
  private final LogReader reader = new LogReader(codec);

  RetentionFixture(Path folder, RegistryOptions options) throws IOException {
    this.fixture = RegistryFixture.onDisk(folder, options);
    this.retention = fixture.engine().retention();
  }

  Registry registry() {
    return fixture.registry();
  }

  RegistryFixture fixture() {
    return fixture;
  }

  Retention retention() {
    return retention;
  }

  Reprocessing reprocessing() {
    return new Reprocessing(registry());
  }

  LogReader reader() {
    return reader;
  }

  static RepositoryName repository(String name) {
    return RepositoryName.parse(name);
  }

  /** Puts an index that differs by its content, under tags. */
  Digest put(String repository, String content, String... tags) {
    return TestClient.put(
        registry(),
        repository(repository),
        TestManifest.emptyIndex(content),
        Arrays.stream(tags).map(Tag::parse).toArray(Tag[]::new));
  }

  void delete(String repository, String tag) {
    ok(registry().deleteTag(ALICE, repository(repository), Tag.parse(tag)));
  }

  void pull(String repository, Digest digest, Optional<String> tag) {
    registry().pulls().recordManifest(ALICE, repository(repository), digest, tag.map(Tag::parse));
  }

  /** A run as if so much time had passed. */
  Retention.Summary runIn(Duration time) {
    return retention.run(_ -> Instant.now().plus(time));
  }

  List<String> tags(String repository) {
    return fixture
        .database()
        .jdbi()
        .withHandle(
            handle -> TagView.list(handle, repository(repository), Optional.empty(), 100_000))
        .stream()
        .map(Tag::value)
        .toList();
  }

  List<RecordedEvent> events() {
    return fixture.database().jdbi().withHandle(handle -> reader.events(handle, 0, 100_000));
  }

  <T extends Event> List<T> events(Class<T> type) {
    return fixture
        .database()
        .jdbi()
        .withHandle(
            handle ->
                reader.leaves(
                    handle, -1, 100_000, Optional.empty(), Optional.of(type.getSimpleName())))
        .stream()
        .map(leaf -> type.cast(codec.decode(leaf.bytes()).event()))
        .toList();
  }

  List<TagDecision> decisions(Event.RetentionEvaluated evaluated) {
    List<TagDecision> decisions = new ArrayList<>();
    reprocessing().decisions(evaluated.decisions(), decisions::add);
    return decisions;
  }

  /** Brings the view of pulls up to the log. */
  void followPulls() {
    ProjectionRunner runner =
        new ProjectionRunner(fixture.database().jdbi(), reader, new PullView());
    long head = fixture.database().jdbi().withHandle(LogReader::nextPosition);
    while (runner.nextPosition() < head) {
      runner.step();
    }
  }

  boolean viewsEqualAReplay() {
    return registry().upkeep().verifyProjections().equal();
  }

  @Override
  public void close() {
    fixture.close();
  }
}
