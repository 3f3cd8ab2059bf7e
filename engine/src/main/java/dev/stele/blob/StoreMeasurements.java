package dev.stele.blob;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;

/** Measures the calls of one store, and names it in its failures. Thread-safe. */
final class StoreMeasurements {
  private static final String OK = "ok";
  private static final String REFUSED = "refused";
  private static final String FAILED = "failed";

  private final String store;
  private final MeterRegistry meters;
  private final Counter read;
  private final Counter written;

  StoreMeasurements(String store, MeterRegistry meters) {
    this.store = store;
    this.meters = meters;
    this.read = bytes("read");
    this.written = bytes("written");
  }

  private Counter bytes(String direction) {
    return Counter.builder("stele.store.bytes")
        .description("Bytes of blobs read from a store, or received for it")
        .baseUnit("bytes")
        .tags("store", store, "direction", direction)
        .register(meters);
  }

  Call start(String operation) {
    return new Call(operation);
  }

  void countRead(long bytes) {
    read.increment((double) bytes);
  }

  /** One call. What does not end with {@link #done} or {@link #failed} was refused. */
  final class Call {
    private final String operation;
    private final long start = System.nanoTime();
    private String outcome = REFUSED;

    /** What was spent on others than the store. */
    private long elsewhereNanos;

    private Call(String operation) {
      this.operation = operation;
    }

    <T> T done(T result) {
      outcome = OK;
      return result;
    }

    /** What to throw instead; a failure of the caller's own stream stays as it is. */
    IOException failed(IOException e) {
      return switch (e) {
        case BodyReadException body -> body;
        case BlobTooLargeException large -> large;
        case InsufficientStorageException full -> {
          outcome = FAILED;
          yield full;
        }
        default -> {
          outcome = FAILED;
          yield new StoreUnavailableException(store, e);
        }
      };
    }

    /** The same body, the wait for which is not counted as the store's time. */
    InputStream body(InputStream in) {
      return new TimedStream(in) {
        @Override
        void passed(int bytes, long nanos) {
          elsewhereNanos += nanos;
          written.increment(bytes);
        }
      };
    }

    void stop() {
      record(System.nanoTime() - start - elsewhereNanos);
    }

    /** Ends a call that took this long by itself. */
    void stopAfter(long nanos) {
      record(nanos);
    }

    private void record(long nanos) {
      Timer.builder("stele.store.calls")
          .description("Calls of a blob store, without the wait for clients")
          .publishPercentiles(0.5, 0.99)
          .tags("store", store, "operation", operation, "outcome", outcome)
          .register(meters)
          .record(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }
  }

  /** A stream whose reads are timed. */
  abstract static class TimedStream extends InputStream {
    private final InputStream in;

    TimedStream(InputStream in) {
      this.in = in;
    }

    /** After each read: how much it brought, and how long it took. */
    abstract void passed(int bytes, long nanos);

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      long start = System.nanoTime();
      int bytes = 0;
      try {
        bytes = in.read(target, offset, length);
        return bytes;
      } finally {
        passed(Math.max(0, bytes), System.nanoTime() - start);
      }
    }

    @Override
    public int available() throws IOException {
      return in.available();
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
