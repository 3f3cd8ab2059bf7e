package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A store whose calls are measured, and whose failures are {@link StoreUnavailableException}s, but
 * for {@link InsufficientStorageException}, {@link BlobTooLargeException} and those of the caller's
 * own streams.
 */
final class ObservedBlobStore implements BlobStore {
  private final BlobStore store;
  private final StoreMeasurements measurements;

  ObservedBlobStore(String name, BlobStore store, MeterRegistry meters) {
    this.store = store;
    this.measurements = new StoreMeasurements(name, meters);
  }

  /** A call of the store that throws, beside the store's own failures, one kind of refusal. */
  private interface Work<T, X extends Exception> {
    T of() throws IOException, X;
  }

  private <T, X extends Exception> T observe(String name, Work<T, X> work) throws IOException, X {
    StoreMeasurements.Call call = measurements.start(name);
    try {
      return call.done(work.of());
    } catch (IOException e) {
      throw call.failed(e);
    } finally {
      call.stop();
    }
  }

  @Override
  public UploadId begin(RepositoryName repository, Digest.Algorithm hint) throws IOException {
    return observe("begin", () -> store.begin(repository, hint));
  }

  @Override
  public UploadStatus status(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException {
    return observe("status", () -> store.status(repository, id));
  }

  @Override
  public UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException, BadRangeException, UnknownUploadException, UploadBusyException {
    StoreMeasurements.Call call = measurements.start("append");
    try {
      return call.done(store.append(repository, id, timed(call, chunk)));
    } catch (IOException e) {
      throw call.failed(e);
    } finally {
      call.stop();
    }
  }

  @Override
  public StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException,
          BadRangeException,
          DigestMismatchException,
          UnknownUploadException,
          UploadBusyException {
    StoreMeasurements.Call call = measurements.start("finish");
    try {
      return call.done(store.finish(repository, id, timed(call, last), expected));
    } catch (IOException e) {
      throw call.failed(e);
    } finally {
      call.stop();
    }
  }

  private static Chunk timed(StoreMeasurements.Call call, Chunk chunk) {
    return new Chunk(chunk.start(), chunk.length(), call.body(chunk.body()));
  }

  @Override
  public StoredObject put(Digest expected, OptionalLong length, InputStream body)
      throws IOException, BadRangeException, DigestMismatchException {
    StoreMeasurements.Call call = measurements.start("put");
    try {
      return call.done(store.put(expected, length, call.body(body)));
    } catch (IOException e) {
      throw call.failed(e);
    } finally {
      call.stop();
    }
  }

  @Override
  public void cancel(RepositoryName repository, UploadId id)
      throws IOException, UnknownUploadException, UploadBusyException {
    StoreMeasurements.Call call = measurements.start("cancel");
    try {
      store.cancel(repository, id);
      call.done(id);
    } catch (IOException e) {
      throw call.failed(e);
    } finally {
      call.stop();
    }
  }

  @Override
  public OptionalLong size(ObjectKey key) throws IOException {
    return observe("size", () -> store.size(key));
  }

  @Override
  public BlobContent open(ObjectKey key) throws IOException, NoSuchObjectException {
    return observe("open", () -> new ObservedContent(store.open(key)));
  }

  @Override
  public boolean ownsUploads() {
    return store.ownsUploads();
  }

  @Override
  public Optional<URI> presigned(ObjectKey key, Duration validity) throws IOException {
    return observe("presign", () -> store.presigned(key, validity));
  }

  @Override
  public void delete(Collection<ObjectKey> keys) throws IOException {
    Object _ =
        observe(
            "delete",
            () -> {
              store.delete(keys);
              return store;
            });
  }

  /** Measures the beginning of the list only. */
  @Override
  public Stream<StoredObject> objects() throws IOException {
    return observe("list", () -> store.objects());
  }

  /** Measures the beginning of the list only. */
  @Override
  public Stream<UploadStatus> uploads() throws IOException {
    return observe("list", () -> store.uploads());
  }

  @Override
  public Optional<String> marker() throws IOException {
    return observe("marker", () -> store.marker());
  }

  @Override
  public boolean mark(Optional<String> expected, String next) throws IOException {
    return observe("mark", () -> store.mark(expected, next));
  }

  @Override
  public void probe() throws IOException {
    Object _ =
        observe(
            "probe",
            () -> {
              store.probe();
              return store;
            });
  }

  @Override
  public Optional<String> alarm(String name) {
    return store.alarm(name);
  }

  @Override
  public void close() throws IOException {
    store.close();
  }

  /** An object whose reading is measured: each stream is a call, as long as its reads took. */
  private final class ObservedContent implements BlobContent {
    private final BlobContent content;

    ObservedContent(BlobContent content) {
      this.content = content;
    }

    @Override
    public long size() {
      return content.size();
    }

    @Override
    public InputStream stream(long offset, long length) throws IOException, BadRangeException {
      StoreMeasurements.Call call = measurements.start("read");
      long start = System.nanoTime();
      InputStream in;
      try {
        in = content.stream(offset, length);
      } catch (IOException e) {
        IOException failure = call.failed(e);
        call.stop();
        throw failure;
      }
      return new ObservedStream(in, call, System.nanoTime() - start);
    }

    @Override
    public Optional<FileChannel> channel() {
      return content.channel();
    }

    @Override
    public void transferred(long bytes) {
      measurements.countRead(bytes);
    }

    @Override
    public void close() throws IOException {
      content.close();
    }
  }

  private final class ObservedStream extends StoreMeasurements.TimedStream {
    private final StoreMeasurements.Call call;
    private long nanos;
    private boolean failed;
    private boolean closed;

    ObservedStream(InputStream in, StoreMeasurements.Call call, long nanosToOpen) {
      super(in);
      this.call = call;
      this.nanos = nanosToOpen;
    }

    @Override
    void passed(int bytes, long took) {
      nanos += took;
      measurements.countRead(bytes);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        return super.read(target, offset, length);
      } catch (IOException e) {
        failed = true;
        throw call.failed(e);
      }
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        closed = true;
        if (!failed) {
          call.done(this);
        }
        call.stopAfter(nanos);
      }
      super.close();
    }
  }
}
