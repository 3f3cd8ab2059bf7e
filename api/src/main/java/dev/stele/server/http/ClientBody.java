package dev.stele.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;

/**
 * A request's body as it arrives, unbuffered, up to a limit. Every failure to read it is a {@link
 * ClientBodyException}, so that it cannot be mistaken for one of the disk.
 */
final class ClientBody extends InputStream {
  private final InputStream in;
  private final long limit;
  private long received;
  private boolean started;
  private boolean failed;

  /**
   * @param limit how many bytes it may have
   */
  ClientBody(InputStream in, long limit) {
    this.in = in;
    this.limit = limit;
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
      int read = in.read();
      count(read < 0 ? 0 : 1);
      return read;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    started = true;
    try {
      int read = in.read(buffer, offset, length);
      count(Math.max(0, read));
      return read;
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public int available() throws IOException {
    return in.available();
  }

  private void count(int bytes) throws ClientBodyException {
    received += bytes;
    if (received > limit) {
      throw new ClientBodyException(tooLarge(limit), null);
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
