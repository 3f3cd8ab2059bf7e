package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.DiskBlobStore;
import dev.stele.log.ClockWatch;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that was stopped starts under a clock that was set ahead: what it promised just before
 * it stopped is still kept for as long as it promised.
 */
class UnseenTimeTest {
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  /** As if no node had been there for two days until now. */
  private static void stopForTwoDays(RegistryFixture fixture) {
    fixture
        .database()
        .jdbi()
        .useHandle(
            handle ->
                handle.execute("UPDATE clock_watch SET seen_at = seen_at - interval '2 days'"));
  }

  @Test
  void timeThatNobodySawCountsTowardsNoGracePeriod(@TempDir Path folder) throws Exception {
    try (DiskBlobStore store = new DiskBlobStore(folder);
        RegistryFixture fixture =
            new RegistryFixture(
                store, RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(GRACE)))) {
      byte[] bytes = "promised".getBytes(StandardCharsets.UTF_8);
      Digest blob =
          fixture
              .registry()
              .putBlob(
                  new Caller("alice", "r"),
                  APP,
                  Sizes.digest(bytes),
                  OptionalLong.of(bytes.length),
                  new ByteArrayInputStream(bytes))
              .orElseThrow(AssertionError::new);
      Thread.sleep(GRACE.plusMillis(500));
      stopForTwoDays(fixture);
      assertThat(fixture.registry().collecting().run().tally().blobs()).isZero();
      assertThat(fixture.registry().blobSize(APP, blob).orElseThrow(AssertionError::new))
          .isEqualTo(bytes.length);
      Duration now = fixture.database().jdbi().withHandle(handle -> ClockWatch.seen(handle, GRACE));
      assertThat(now).isBetween(GRACE.plusDays(2), GRACE.plusDays(2).plusMinutes(2));

      Thread.sleep(GRACE.plusMillis(500));
      assertThat(fixture.registry().collecting().run().tally().blobs()).isEqualTo(1);
    }
  }
}
