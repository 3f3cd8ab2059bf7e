package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.InvalidNameException;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MomentTest {
  @ParameterizedTest
  @CsvSource({
    "20260303t140500z, 2026-03-03T14:05:00Z",
    "20260303t140500.5z, 2026-03-03T14:05:00.5Z",
    "20260303t140500.123456z, 2026-03-03T14:05:00.123456Z",
    "2026-03-03T14:05:00Z, 2026-03-03T14:05:00Z",
    "2026-03-03T16:05:00+02:00, 2026-03-03T14:05:00Z",
    "20240229t000000z, 2024-02-29T00:00:00Z",
    "2026-03-03T14:05:00, 2026-03-03T14:05:00Z",
    "2026-03-03T14:05, 2026-03-03T14:05:00Z",
    "2026-03-03T14:05:00.25, 2026-03-03T14:05:00.250Z",
    "2026-03-03, 2026-03-03T00:00:00Z"
  })
  void readsTimes(String text, String instant) {
    assertThat(Moment.parse(text)).isEqualTo(new Moment.AtInstant(Instant.parse(instant)));
  }

  @Test
  void readsPositions() {
    assertThat(Moment.parse("p0")).isEqualTo(new Moment.AtPosition(0));
    assertThat(Moment.inPath("p12345")).contains(new Moment.AtPosition(12345));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "now", "p", "p-1", "P5", "12345", "2026-02-30", "p1234567890123456789"})
  void saysHowMomentsAreWritten(String text) {
    assertThatThrownBy(() -> Moment.parse(text))
        .isInstanceOf(InvalidNameException.class)
        .hasMessageContaining("p12345");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000-12-31",
        "-0001-01-01",
        "+10000-01-01T00:00:00Z",
        "+294277-01-09T04:00:55Z",
        "+999999999-12-31T23:59:59Z",
        "-999999999-01-01T00:00:00Z"
      })
  void refusesYearsThatNoDatabaseHas(String text) {
    assertThatThrownBy(() -> Moment.parse(text))
        .isInstanceOf(InvalidNameException.class)
        .hasMessageContaining("a year has four digits");
  }

  @ParameterizedTest
  @ValueSource(strings = {"20261303t140500z", "20260230t140500z", "20260303t250000z"})
  void refusesDatesThatAreNone(String text) {
    assertThatThrownBy(() -> Moment.inPath(text))
        .isInstanceOf(InvalidNameException.class)
        .hasMessageContaining("no such date");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"foo", "p", "pa", "p1a", "20260303", "20260303t1405z", "v20260303t140500z"})
  void leavesOtherPathSegmentsAlone(String segment) {
    assertThat(Moment.inPath(segment)).isEmpty();
  }
}
