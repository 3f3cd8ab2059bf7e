package dev.stele.blob;

import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;

/**
 * The bytes of a running upload that are in no part yet. What fits in {@value #SMALL} bytes is not
 * counted; beyond that, the whole room needed is reserved in one step, so a full buffer never waits
 * for more. An array is never handed to another upload: a request that outlives its call may still
 * be sending it. For use by one thread.
 */
final class PartBuffer implements Closeable {
  static final int SMALL = 64 * 1024;

  private final PartMemory memory;
  private byte[] array = new byte[SMALL];
  private int length;
  private int reserved;

  PartBuffer(PartMemory memory) {
    this.memory = memory;
  }

  byte[] array() {
    return array;
  }

  /** How many bytes of the array are content. */
  int length() {
    return length;
  }

  void setLength(int length) {
    this.length = length;
  }

  /** Makes room for this many bytes, waiting for memory if need be; the content stays. */
  void ensure(int capacity) throws IOException {
    if (capacity <= array.length) {
      return;
    }
    if (length > SMALL) {
      throw new IllegalStateException("a buffer that holds reserved memory cannot wait for more");
    }
    byte[] content = Arrays.copyOf(array, length);
    int kept = length;
    close();
    memory.reserve(capacity);
    reserved = capacity;
    array = new byte[capacity];
    System.arraycopy(content, 0, array, 0, kept);
    length = kept;
  }

  /**
   * Reads from a client into the array, at {@link #length()}. While others wait for memory that
   * this holds, the client has some seconds for that; then the body has failed.
   *
   * @param most how many bytes
   * @return how many arrived before the body ended or failed
   */
  int fill(Body body, int most) {
    if (reserved == 0) {
      return body.fill(array, length, length + most);
    }
    PartMemory.Reading reading = memory.read();
    try {
      return body.fill(array, length, length + most);
    } finally {
      if (reading.end()) {
        body.fail(new SlowBodyException());
      }
    }
  }

  /** Empties it, and lets others have the memory first if they wait for it. */
  void clear() {
    length = 0;
    if (memory.isContended()) {
      close();
    }
  }

  /** Gives the memory back and empties it; it can be used on. */
  @Override
  public void close() {
    length = 0;
    if (reserved > 0) {
      memory.release(reserved);
      reserved = 0;
      array = new byte[SMALL];
    }
  }
}
