package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BodyMemoryTest {
  private static final int MEBIBYTE = 1 << 20;

  private final BodyMemory memory = new BodyMemory(3 * MEBIBYTE);

  private static InputStream body(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 'x');
    return new ByteArrayInputStream(bytes);
  }

  @Test
  void readsAllOrOneByteMore() throws IOException {
    for (int length : new int[] {0, 1, 16 << 10, 32 << 10, (32 << 10) + 1, 100_000}) {
      try (BodyMemory.Held held = memory.new Held()) {
        assertThat(held.read(body(length), 100_000)).isEqualTo(body(length).readAllBytes());
      }
    }
    try (BodyMemory.Held held = memory.new Held()) {
      assertThat(held.read(body(200_000), 100_000)).hasSize(100_001);
    }
    assertThat(memory.taken()).isZero();
  }

  @Test
  void aLargeOneTooManyIsRefusedAndOrdinaryOnesAreNot() throws IOException {
    BodyMemory.Held first = memory.new Held();
    assertThat(first.read(body(MEBIBYTE), 4 * MEBIBYTE)).hasSize(MEBIBYTE);
    try (BodyMemory.Held second = memory.new Held()) {
      var refused =
          catchThrowableOfType(
              RefusedRequestException.class, () -> second.read(body(MEBIBYTE), 4 * MEBIBYTE));
      assertThat(refused.error().status()).isEqualTo(429);
      assertThat(refused.error().headers()).containsEntry("Retry-After", "1");
      try (BodyMemory.Held ordinary = memory.new Held()) {
        assertThat(ordinary.read(body(30_000), 4 * MEBIBYTE)).hasSize(30_000);
      }
    }
    first.close();
    try (BodyMemory.Held again = memory.new Held()) {
      assertThat(again.read(body(MEBIBYTE), 4 * MEBIBYTE)).hasSize(MEBIBYTE);
    }
    assertThat(memory.taken()).isZero();
  }

  @Test
  void anAnswerHasItsRoomUntilItIsTaken() {
    BodyMemory.Room first = memory.room(new byte[2 * MEBIBYTE], true);
    var refused =
        catchThrowableOfType(
            RefusedRequestException.class, () -> memory.room(new byte[MEBIBYTE + 1], true).close());
    assertThat(refused.error().status()).isEqualTo(429);
    try (BodyMemory.Room _ = memory.room(new byte[MEBIBYTE], true);
        BodyMemory.Room _ = memory.room(new byte[32 << 10], true)) {
      assertThat(memory.taken()).isEqualTo(3 * MEBIBYTE);
    }
    try (BodyMemory.Room _ = memory.room(new byte[4 * MEBIBYTE], false)) {
      assertThat(memory.taken()).isEqualTo(6 * MEBIBYTE);
    }
    first.close();
    assertThat(memory.taken()).isZero();
  }
}
