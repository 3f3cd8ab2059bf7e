package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.log.ClockWatch;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import java.nio.file.Path;
import java.time.Duration;
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
    RegistryOptions options = RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(GRACE));
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder, options)) {
      Digest blob = TestClient.upload(fixture.registry(), APP, "promised");
      Thread.sleep(GRACE.plusMillis(500));
      stopForTwoDays(fixture);
      assertThat(fixture.registry().collecting().run().tally().blobs()).isZero();
      assertThat(TestClient.ok(fixture.registry().blobSize(APP, blob))).isEqualTo(Sizes.of(blob));
      Duration now = fixture.database().jdbi().withHandle(handle -> ClockWatch.seen(handle, GRACE));
      assertThat(now).isBetween(GRACE.plusDays(2), GRACE.plusDays(2).plusMinutes(2));

      Thread.sleep(GRACE.plusMillis(500));
      assertThat(fixture.registry().collecting().run().tally().blobs()).isEqualTo(1);
    }
  }
}
