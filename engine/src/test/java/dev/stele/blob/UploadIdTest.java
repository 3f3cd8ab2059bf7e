package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.oci.InvalidNameException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UploadIdTest {
  @Test
  void readsWhatItWrites() {
    UploadId id = UploadId.random();
    assertThat(UploadId.parse(id.toString())).isEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1-1-1-1-1",
        "../../../../etc/passwd",
        "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\n",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1\ufffd"
      })
  @DisplayName("7: a malformed upload id is an error")
  void refusesOtherText(String text) {
    assertThatExceptionOfType(InvalidNameException.class)
        .isThrownBy(() -> UploadId.parse(text))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(InvalidNameException.Kind.UPLOAD));
  }
}
