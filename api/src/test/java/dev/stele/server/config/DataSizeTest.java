package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataSizeTest {
  @ParameterizedTest
  @CsvSource({
    "0B, 0, 0B",
    "1023B, 1023, 1023B",
    "1024B, 1024, 1KiB",
    "4MiB, 4194304, 4MiB",
    "4 MiB, 4194304, 4MiB",
    "1536KiB, 1572864, 1536KiB",
    "3GiB, 3221225472, 3GiB",
    "999999999GiB, 1073741822926258176, 999999999GiB"
  })
  void isReadAndShown(String text, long bytes, String shown) {
    DataSize size = DataSize.parse(text);
    assertThat(size.bytes()).isEqualTo(bytes);
    assertThat(size).hasToString(shown);
    assertThat(DataSize.parse(size.toString())).isEqualTo(size);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "4", "MiB", "4MB", "4mib", "-1MiB", "1.5MiB", "4MiB ", "1000000000B"})
  void whatIsNotASizeIsRefusedWithAnExample(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DataSize.parse(text))
        .withMessageContaining("such as 4MiB");
  }
}
