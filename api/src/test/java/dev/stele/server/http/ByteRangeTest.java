package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ByteRangeTest {
  @Test
  void readsOneRangeAndClampsItsEnd() {
    assertThat(ByteRange.parse("bytes=0-4", 10)).isEqualTo(new ByteRange.Part(0, 4));
    assertThat(ByteRange.parse("bytes=3-", 10)).isEqualTo(new ByteRange.Part(3, 9));
    assertThat(ByteRange.parse("bytes=3-99999999999999999999", 10))
        .isEqualTo(new ByteRange.Part(3, 9));
    assertThat(ByteRange.parse("BYTES=9-9", 10)).isEqualTo(new ByteRange.Part(9, 9));
  }

  @Test
  void aSuffixIsTheLastBytes() {
    assertThat(ByteRange.parse("bytes=-4", 10)).isEqualTo(new ByteRange.Part(6, 9));
    assertThat(ByteRange.parse("bytes=-40", 10)).isEqualTo(new ByteRange.Part(0, 9));
    assertThat(ByteRange.parse("bytes=-0", 10)).isEqualTo(new ByteRange.Unsatisfiable());
  }

  @Test
  void aStartPastTheEndCannotBeSatisfied() {
    assertThat(ByteRange.parse("bytes=10-", 10)).isEqualTo(new ByteRange.Unsatisfiable());
    assertThat(ByteRange.parse("bytes=99999999999999999999-", 10))
        .isEqualTo(new ByteRange.Unsatisfiable());
    assertThat(ByteRange.parse("bytes=0-", 0)).isEqualTo(new ByteRange.Unsatisfiable());
    assertThat(ByteRange.parse("bytes=-1", 0)).isEqualTo(new ByteRange.Unsatisfiable());
  }

  @Test
  void anEndBeforeTheStartCannotBeSatisfied() {
    assertThat(ByteRange.parse("bytes=5-3", 10)).isEqualTo(new ByteRange.Unsatisfiable());
    assertThat(ByteRange.parse("bytes=50-3", 10)).isEqualTo(new ByteRange.Unsatisfiable());
  }

  @Test
  void whatIsMalformedOrSeveralIsIgnored() {
    for (String header :
        new String[] {"bytes=0-1,3-4", "lines=0-1", "bytes=-", "bytes=a-b", "bytes=", ""}) {
      assertThat(ByteRange.parse(header, 10)).as(header).isEqualTo(new ByteRange.Whole());
    }
  }
}
