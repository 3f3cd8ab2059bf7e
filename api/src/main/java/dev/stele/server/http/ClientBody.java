package dev.stele.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;

/**
 * A request's body as it arrives, unbuffered. Every failure to read it is a {@link
 * ClientBodyException}, so that it cannot be mistaken for one of the disk.
 */
final class ClientBody extends InputStream {
  private final InputStream in;
  private boolean started;
  private boolean failed;

  ClientBody(InputStream in) {
    this.in = in;
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
      return in.read();
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    started = true;
    try {
      return in.read(buffer, offset, length);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public int available() throws IOException {
    return in.available();
  }

  private ClientBodyException failure(IOException e) {
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
