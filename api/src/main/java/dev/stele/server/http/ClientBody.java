package dev.stele.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.eclipse.jetty.http.HttpException;

/**
 * A request's body as it arrives, unbuffered, up to a limit, and not too slowly. Every failure to
 * read it is a {@link ClientBodyException}, so that it cannot be mistaken for one of the disk.
 */
final class ClientBody extends InputStream {
  /** Hears that all has arrived, before whoever reads it can make anything of it. */
  @FunctionalInterface
  interface End {
    /**
     * Lets them, or not.
     *
     * @throws ClientBodyException if nothing is to come of it
     */
    void reached() throws ClientBodyException;
  }

  private final InputStream in;
  private final BodyLimits limits;
  private final OptionalLong length;
  private final End end;
  private final LongSupplier clock;
  private long received;
  private long waited;
  private boolean started;
  private boolean failed;
  private boolean ended;

  /**
   * @param length in bytes, where it is declared
   */
  ClientBody(InputStream in, BodyLimits limits, OptionalLong length, End end) {
    this(in, limits, length, end, System::nanoTime);
  }

  /**
   * @param clock in nanoseconds
   */
  ClientBody(InputStream in, BodyLimits limits, OptionalLong length, End end, LongSupplier clock) {
    this.in = in;
    this.limits = limits;
    this.length = length;
    this.end = end;
    this.clock = clock;
  }

  /** What a body over the limit is answered with. */
  static DistributionError tooLarge(long limit) {
    return new DistributionError(
        413,
        ErrorCode.SIZE_INVALID,
        "the body of a request may have " + limit + " bytes at most",
        Map.of("limit", limit));
  }

  /** Whether anything of the body has been asked for. */
  boolean started() {
    return started;
  }

  /** Whether reading on makes no sense. */
  boolean failed() {
    return failed;
  }

  @Override
  public int read() throws IOException {
    started = true;
    try {
      long asked = clock.getAsLong();
      int read = in.read();
      count(read < 0 ? 0 : 1, read >= 0, asked);
      return read;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    started = true;
    try {
      long asked = clock.getAsLong();
      int read = in.read(buffer, offset, length);
      count(Math.max(0, read), read >= 0, asked);
      return read;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public int available() throws IOException {
    return in.available();
  }

  /**
   * @param more whether it was not the end
   * @param asked since when these bytes were waited for
   */
  private void count(int bytes, boolean more, long asked) throws ClientBodyException {
    received += bytes;
    waited += clock.getAsLong() - asked;
    if (received > limits.size()) {
      throw new ClientBodyException(tooLarge(limits.size()), null);
    }
    if (more && limits.isTooSlow(received, waited)) {
      failed = true;
      throw new ClientBodyException(
          new DistributionError(
              408,
              ErrorCode.REQUEST_INVALID,
              "the body arrives too slowly: %d bytes in %d s"
                  .formatted(received, TimeUnit.NANOSECONDS.toSeconds(waited))),
          null);
    }
    // Not every reader asks on when it has as much as was declared.
    if (!ended && (!more || received == length.orElse(-1))) {
      ended = true;
      end.reached();
    }
  }

  private ClientBodyException failure(IOException e) {
    if (e instanceof ClientBodyException over) {
      return over;
    }
    failed = true;
    if (e.getCause() instanceof HttpException broken) {
      return new ClientBodyException(
          new DistributionError(
              broken.getCode(),
              ErrorCode.REQUEST_INVALID,
              "the body is malformed: " + broken.getReason()),
          e);
    }
    if (e.getCause() instanceof TimeoutException) {
      return new ClientBodyException(
          new DistributionError(408, ErrorCode.REQUEST_INVALID, "the body did not arrive in time"),
          e);
    }
    return new ClientBodyException(
        new DistributionError(
            400, ErrorCode.SIZE_INVALID, "the body ended early: " + e.getMessage()),
        e);
  }
}
