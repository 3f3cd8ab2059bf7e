package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientBodyTest {
  private final AtomicLong now = new AtomicLong();

  /** Each read takes so long, and brings so much. */
  private ClientBody body(Duration pause, int bytes, long rate) {
    InputStream slow =
        new InputStream() {
          @Override
          public int read() {
            now.addAndGet(pause.toNanos());
            return 0;
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            now.addAndGet(pause.toNanos());
            return bytes;
          }
        };
    return new ClientBody(
        slow, new BodyLimits(Long.MAX_VALUE, rate), OptionalLong.empty(), () -> {}, now::get);
  }

  @Test
  void aBodyThatTricklesIsGivenUpAfterAMinute() throws Exception {
    try (ClientBody body = body(Duration.ofSeconds(10), 1, 1024)) {
      byte[] buffer = new byte[100];
      for (int i = 0; i < 6; i++) {
        assertThat(body.read(buffer)).isEqualTo(1);
      }
      assertThatThrownBy(() -> body.read(buffer))
          .isInstanceOfSatisfying(
              ClientBodyException.class,
              e -> {
                assertThat(e.error().status()).isEqualTo(408);
                assertThat(e.error().message()).contains("7 bytes in 70 s");
              });
      assertThat(body.failed()).isTrue();
    }
  }

  @Test
  void whatCameBeforeCountsForAPause() throws Exception {
    try (ClientBody body = body(Duration.ofSeconds(1), 10_240, 1024)) {
      byte[] buffer = new byte[10_240];
      for (int i = 0; i < 600; i++) {
        assertThat(body.read(buffer)).isEqualTo(10_240);
      }
      // 600 s brought enough for 6,000 s.
      now.addAndGet(0);
    }
    try (ClientBody body = body(Duration.ofMinutes(10), 1 << 20, 1024)) {
      byte[] buffer = new byte[1 << 20];
      for (int i = 0; i < 20; i++) {
        assertThat(body.read(buffer)).isEqualTo(1 << 20);
      }
    }
  }

  @Test
  void withoutARateAnyBodyIsWaitedFor() throws IOException {
    try (ClientBody body = body(Duration.ofHours(1), 1, 0)) {
      assertThat(body.read()).isZero();
      assertThat(body.read()).isZero();
    }
  }

  /** A reader may stop at what was declared, or only when there is no more. */
  @ParameterizedTest
  @ValueSource(longs = {3, -1})
  void theEndIsToldOnceBeforeTheLastBytesCanBeUsed(long declared) throws IOException {
    List<String> told = new ArrayList<>();
    try (ClientBody body =
        new ClientBody(
            new ByteArrayInputStream(new byte[3]),
            BodyLimits.NONE,
            declared < 0 ? OptionalLong.empty() : OptionalLong.of(declared),
            () -> {
              told.add("end");
              throw new ClientBodyException(
                  new DistributionError(403, ErrorCode.DENIED, "not any more"), null);
            })) {
      assertThat(body.read(new byte[2])).isEqualTo(2);
      assertThat(told).isEmpty();
      assertThatThrownBy(body::readAllBytes)
          .isInstanceOfSatisfying(
              ClientBodyException.class, e -> assertThat(e.error().status()).isEqualTo(403));
      assertThat(body.read()).isEqualTo(-1);
      assertThat(told).containsExactly("end");
    }
  }
}
