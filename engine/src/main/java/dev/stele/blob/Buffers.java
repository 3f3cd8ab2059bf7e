package dev.stele.blob;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * Copy buffers, used again and again since allocating one for every small blob costs more than
 * writing the blob. Safe for use by several threads.
 */
final class Buffers {
  /** Big enough that system calls do not count, small enough for a thousand uploads at once. */
  static final int SIZE = 64 * 1024;

  private static final int KEPT = 64;

  private final ArrayBlockingQueue<byte[]> free = new ArrayBlockingQueue<>(KEPT);

  byte[] take() {
    byte[] buffer = free.poll();
    return buffer == null ? new byte[SIZE] : buffer;
  }

  /** Returns a buffer that the caller uses no more. */
  void giveBack(byte[] buffer) {
    // With enough of them kept, this one is left to the garbage collector.
    boolean unusedOffer = free.offer(buffer);
  }
}
