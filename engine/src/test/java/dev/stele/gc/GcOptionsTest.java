package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class GcOptionsTest {
  private static GcOptions grace(Duration grace) {
    return GcOptions.DEFAULT.withGrace(grace);
  }

  /** Whoever asks just before a promise is too old to serve them has a whole grace period. */
  @Test
  void whatServesOthersIsKeptSoMuchLonger() {
    assertThat(grace(Duration.ofDays(1)).renewal()).isEqualTo(Duration.ofSeconds(1));
    assertThat(grace(Duration.ofDays(1)).patience()).isEqualTo(Duration.ofDays(1).plusSeconds(1));
    assertThat(grace(Duration.ofSeconds(1)).patience()).isEqualTo(Duration.ofMillis(1_100));
    assertThat(grace(Duration.ZERO).renewal()).isZero();
    assertThat(grace(Duration.ZERO).patience()).isZero();
  }

  @Test
  void whatStaysRestorableIsKeptThatLongAtLeast() {
    GcOptions options = grace(Duration.ofDays(1)).withRecycle(Duration.ofDays(7));
    assertThat(options.patience()).isEqualTo(Duration.ofDays(7));
  }
}
