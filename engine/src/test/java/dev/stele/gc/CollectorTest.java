package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.blob.ObjectKey;
import dev.stele.blob.StoreThatDoesNothing;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UploadStatus;
import dev.stele.engine.EngineParts;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A collector beside stores that fail, and with more to do than fits a page. */
class CollectorTest {
  private static final RegistryOptions NO_GRACE =
      RegistryOptions.DEFAULT.withGc(
          GcOptions.DEFAULT.withGrace(Duration.ZERO).withInterval(Duration.ofMillis(100)));
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  /** A store that is new when the registry comes to it, and is something else from then on. */
  private static class MarkedStore extends StoreThatDoesNothing {
    private final AtomicReference<Optional<String>> marker =
        new AtomicReference<>(Optional.empty());

    boolean marked() {
      return marker.get().isPresent();
    }

    @Override
    public Optional<String> marker() {
      return marker.get();
    }

    @Override
    public boolean mark(Optional<String> expected, String next) {
      return marker
          .getAndUpdate(now -> now.equals(expected) ? Optional.of(next) : now)
          .equals(expected);
    }
  }

  private static final class BrokenStore extends MarkedStore {
    @Override
    public Stream<UploadStatus> uploads() {
      if (marked()) {
        throw new UncheckedIOException(new IOException("the bucket is gone"));
      }
      return Stream.empty();
    }
  }

  private static final class StoreWithOrphans extends MarkedStore {
    private final int objects;

    private StoreWithOrphans(int objects) {
      this.objects = objects;
    }

    @Override
    public Stream<StoredObject> objects() {
      return IntStream.range(0, marked() ? objects : 0)
          .mapToObj(n -> new StoredObject(new ObjectKey("o" + n), 1));
    }
  }

  private static RegistryFixture over(BlobStore defaultStore, Map<String, BlobStore> byPrefix) {
    return new RegistryFixture(new BlobStores(defaultStore, byPrefix), NO_GRACE);
  }

  @Test
  void aStoreThatFailsDoesNotKeepOthersFromBeingClearedOfOrphans() {
    try (RegistryFixture fixture =
        over(
            new StoreWithOrphans(3),
            Map.of("a", new BrokenStore(), "b", new StoreWithOrphans(2), "c", new BrokenStore()))) {
      Collector collector = fixture.collector();
      collector.run();
      Collection second = collector.run();
      assertThat(second.failure().orElseThrow()).contains("the bucket is gone");
      assertThat(second.tally().orphans()).isEqualTo(5);
    }
  }

  @Test
  void aDryRunTellsAllThatWouldGo() {
    try (RegistryFixture fixture = over(new StoreThatDoesNothing(), Map.of())) {
      fixture.registry().initialise(new Caller("alice", "r"), APP);
      fixture
          .database()
          .jdbi()
          .useHandle(
              handle ->
                  handle.execute(
                      """
                      WITH content AS (
                        INSERT INTO unlinked (digest, since, since_at)
                        SELECT digest_bytes('sha256:' || encode(sha256(convert_to(n::text, 'UTF8')), 'hex')), 0, '2001-01-01'
                        FROM generate_series(1, 2500) AS n)
                      INSERT INTO unreachable (repository, digest, kind, since, since_at)
                      SELECT 'team/r' || n, '', 'repository', 0, '2001-01-01' FROM generate_series(1, 2500) AS n
                      """));
      Map<Candidate.Kind, Integer> told = new EnumMap<>(Candidate.Kind.class);
      fixture
          .registry()
          .collecting()
          .candidates(candidate -> told.merge(candidate.kind(), 1, Integer::sum));
      assertThat(told)
          .isEqualTo(Map.of(Candidate.Kind.CONTENT, 2500, Candidate.Kind.REPOSITORY, 2500));
    }
  }

  @Test
  void promisesThatNobodyNeedsAreForgottenHoweverManyThereAre() {
    try (RegistryFixture fixture = over(new StoreThatDoesNothing(), Map.of())) {
      fixture
          .database()
          .jdbi()
          .useHandle(
              handle ->
                  handle.execute(
                      """
                      INSERT INTO lease (repository, digest, promised_at)
                      SELECT 'team/app', convert_to('sha256:' || n, 'UTF8'), '2001-01-01' FROM generate_series(1, 25000) AS n
                      """));
      assertThat(fixture.registry().collecting().run().failure()).isEmpty();
      long left =
          fixture
              .database()
              .jdbi()
              .withHandle(
                  handle ->
                      handle.createQuery("SELECT count(*) FROM lease").mapTo(Long.class).one());
      assertThat(left).isZero();
    }
  }

  @Test
  @Timeout(120)
  void workInTheBackgroundGoesOnAfterAnErrorAndFailuresAreCounted() throws Exception {
    try (RegistryFixture fixture = over(new BrokenStore(), Map.of())) {
      AtomicInteger runs = new AtomicInteger();
      CountDownLatch second = new CountDownLatch(2);
      EngineParts.of(fixture.engine())
          .startBackground(
              () -> {
                second.countDown();
                if (runs.incrementAndGet() == 1) {
                  throw new StackOverflowError("as a deep document may cause");
                }
              });
      assertThat(second.await(60, TimeUnit.SECONDS)).isTrue();
      await(
          () ->
              fixture.registry().collecting().last().stream()
                  .anyMatch(c -> c.failure().isPresent()));
      int failed = runs.get();
      await(() -> runs.get() > failed + 1);
      assertThat(
              fixture
                  .meters()
                  .get("stele.background.failures")
                  .tag("work", "collect")
                  .gauge()
                  .value())
          .isPositive();
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(20);
    }
  }
}
