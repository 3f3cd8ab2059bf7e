package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DurationsTest {
  @Test
  void readsAWholeNumberAndAUnit() {
    assertThat(Durations.parse("250ms")).isEqualTo(Duration.ofMillis(250));
    assertThat(Durations.parse("30s")).isEqualTo(Duration.ofSeconds(30));
    assertThat(Durations.parse("30 s")).isEqualTo(Duration.ofSeconds(30));
    assertThat(Durations.parse("5m")).isEqualTo(Duration.ofMinutes(5));
    assertThat(Durations.parse("24h")).isEqualTo(Duration.ofDays(1));
    assertThat(Durations.parse("7d")).isEqualTo(Duration.ofDays(7));
  }

  @Test
  void isWrittenInTheLargestUnitThatLosesNothing() {
    for (String text : new String[] {"0ms", "250ms", "1s", "90s", "5m", "90m", "25h", "7d"}) {
      assertThat(Durations.format(Durations.parse(text))).isEqualTo(text);
    }
    assertThat(Durations.format(Durations.parse("120s"))).isEqualTo("2m");
  }

  @Test
  void anythingElseIsRefusedWithTheForm() {
    for (String text : new String[] {"", "30", "s", "-1s", "1.5s", "30  s", "PT30S", "1w", "30S"}) {
      assertThatIllegalArgumentException()
          .as(text)
          .isThrownBy(() -> Durations.parse(text))
          .withMessageContaining("such as 30s, not \"" + text + '"');
    }
  }
}
