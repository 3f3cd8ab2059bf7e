package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ContentRangeTest {
  @Test
  void readsTheSpecificationsForm() {
    assertThat(ContentRange.parse(Optional.of("10-19"), OptionalLong.of(10)))
        .contains(new ContentRange(10, 19));
    assertThat(ContentRange.parse(Optional.of("10-19"), OptionalLong.empty()))
        .contains(new ContentRange(10, 19));
    assertThat(ContentRange.parse(Optional.empty(), OptionalLong.of(10))).isEmpty();
  }

  @Test
  void refusesWhatIsMalformedWith416() {
    for (String header :
        new String[] {
          "10", "-5", "5-", "a-b", "5-4", "1-2-3", "0-1 " + "x", "9999999999999999999-1"
        }) {
      assertThatExceptionOfType(RefusedRequestException.class)
          .as(header)
          .isThrownBy(() -> ContentRange.parse(Optional.of(header), OptionalLong.empty()))
          .satisfies(e -> assertThat(e.error().status()).isEqualTo(416));
    }
  }

  @Test
  void refusesABodyOfAnotherLength() {
    assertThatExceptionOfType(RefusedRequestException.class)
        .isThrownBy(() -> ContentRange.parse(Optional.of("0-9"), OptionalLong.of(9)))
        .satisfies(
            e -> {
              assertThat(e.error().status()).isEqualTo(400);
              assertThat(e.error().code()).isEqualTo(ErrorCode.SIZE_INVALID);
            });
  }
}
