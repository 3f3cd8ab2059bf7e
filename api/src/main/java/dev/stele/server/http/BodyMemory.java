package dev.stele.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The heap for bodies that are kept whole, such as manifests, of all requests together, or of all
 * answers. What has {@value #UNCOUNTED} bytes or less is not counted, so that ordinary manifests
 * are taken and given whatever large ones are under way, however slowly they arrive or are read.
 * Nobody waits for room: what a slow client holds may be held for long. Thread-safe.
 */
public final class BodyMemory {
  private static final int UNCOUNTED = 32 << 10;
  private static final int STEP = 16 << 10;

  private final long total;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param total in bytes
   */
  public BodyMemory(long total) {
    this.total = total;
  }

  /** How many bytes are taken now. */
  public long taken() {
    return taken.get();
  }

  /** What one request holds, until it is closed. Not safe for use by several threads. */
  final class Held implements AutoCloseable {
    private long bytes;

    /**
     * Reads to the end, or one byte beyond a limit.
     *
     * @throws RefusedRequestException 429 if there is no room for what arrives
     */
    byte[] read(InputStream in, int limit) throws IOException {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      while (all.size() <= limit) {
        byte[] step = in.readNBytes(Math.min(STEP, limit + 1 - all.size()));
        if (step.length == 0) {
          break;
        }
        if (all.size() + step.length > UNCOUNTED) {
          // Once here and once where it is copied to in the end.
          take(2L * step.length);
        }
        all.write(step);
      }
      return all.toByteArray();
    }

    private void take(long more) {
      bytes += more;
      if (taken.addAndGet(more) > total) {
        throw full();
      }
    }

    @Override
    public void close() {
      taken.addAndGet(-bytes);
      bytes = 0;
    }
  }

  /** What one answer holds, until it is closed. */
  public final class Room implements AutoCloseable {
    private final long bytes;

    private Room(long bytes) {
      this.bytes = bytes;
    }

    @Override
    public void close() {
      taken.addAndGet(-bytes);
    }
  }

  /**
   * Room for what is sent until the client has taken it.
   *
   * @param refusing whether it may be refused, since nothing was done yet that it tells of
   * @throws RefusedRequestException 429 if there is none
   */
  Room room(byte[] sent, boolean refusing) {
    long counted = sent.length > UNCOUNTED ? sent.length : 0;
    if (taken.addAndGet(counted) > total && counted > 0 && refusing) {
      taken.addAndGet(-counted);
      throw full();
    }
    return new Room(counted);
  }

  private static RefusedRequestException full() {
    return new DistributionError(
            429,
            ErrorCode.TOOMANYREQUESTS,
            "too many large manifests, questions or answers at once; try again shortly")
        .with("Retry-After", "1")
        .asException();
  }
}
