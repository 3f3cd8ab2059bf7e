package dev.stele.blob;

import java.io.IOException;
import java.io.InputStream;

/**
 * Reads a caller's stream and keeps its failure for later, so that what arrived before it can be
 * written first, and so that the client's failures are told apart from the disk's.
 */
final class Body {
  private final InputStream in;
  private Throwable failure;

  Body(InputStream in) {
    this.in = in;
  }

  /** Reads until the buffer is full, or less than that when the body ends or fails. */
  int fill(byte[] buffer) {
    return fill(buffer, 0, buffer.length);
  }

  /**
   * Reads until the range of the buffer is full, or less than that when the body ends or fails.
   *
   * @return how many bytes were read
   */
  int fill(byte[] buffer, int from, int to) {
    int position = from;
    while (position < to) {
      int read;
      try {
        read = in.read(buffer, position, to - position);
      } catch (IOException | RuntimeException | Error e) {
        failure = e;
        break;
      }
      if (read < 0) {
        break;
      }
      position += read;
    }
    return position - from;
  }

  /** It is not to be read on, for this reason. */
  void fail(IOException reason) {
    if (failure != null) {
      reason.addSuppressed(failure);
    }
    failure = reason;
  }

  boolean failed() {
    return failure != null;
  }

  /** Throws what the stream threw, if it did. */
  void throwFailure() throws BodyReadException {
    switch (failure) {
      case null -> {}
      case IOException e -> throw new BodyReadException(e);
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new AssertionError(failure);
    }
  }
}
