package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

/** How a moment is told to people. */
class AsOfTest {
  @Test
  void ofAnEmptyLogNoPositionIsTold() {
    assertThat(new AsOf(new Moment.AtPosition(-1), -1))
        .hasToString("the start of the log, before any event");
    Instant early = Instant.parse("2026-01-02T03:04:05Z");
    assertThat(new AsOf(new Moment.AtInstant(early), -1))
        .hasToString("2026-01-02T03:04:05Z (before any event)");
    assertThat(new AsOf(new Moment.AtInstant(early), 7))
        .hasToString("2026-01-02T03:04:05Z (position 7)");
    assertThat(new AsOf(new Moment.AtPosition(7), 7)).hasToString("position 7");
  }
}
