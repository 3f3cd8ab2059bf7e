package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Answers everything politely and keeps nothing. */
public class StoreThatDoesNothing implements BlobStore {
  private static final StoredObject NOTHING = new StoredObject(new ObjectKey("nothing"), 0);

  @Override
  public UploadId begin(RepositoryName repository, Digest.Algorithm hint) {
    return UploadId.random();
  }

  @Override
  public UploadStatus status(RepositoryName repository, UploadId id) {
    return new UploadStatus(id, repository, 0, Instant.EPOCH);
  }

  @Override
  public UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk) {
    return status(repository, id);
  }

  @Override
  public StoredObject finish(RepositoryName repository, UploadId id, Chunk last, Digest expected) {
    return NOTHING;
  }

  @Override
  public StoredObject put(Digest expected, OptionalLong length, InputStream body) {
    return NOTHING;
  }

  @Override
  public void cancel(RepositoryName repository, UploadId id) {}

  @Override
  public OptionalLong size(ObjectKey key) {
    return OptionalLong.empty();
  }

  @Override
  public BlobContent open(ObjectKey key) {
    return new BlobContent() {
      @Override
      public long size() {
        return 0;
      }

      @Override
      public InputStream stream(long offset, long length) {
        return InputStream.nullInputStream();
      }

      @Override
      public Optional<FileChannel> channel() {
        return Optional.empty();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void delete(Collection<ObjectKey> keys) {}

  @Override
  public Stream<StoredObject> objects() {
    return Stream.empty();
  }

  @Override
  public Stream<UploadStatus> uploads() {
    return Stream.empty();
  }

  @Override
  public Optional<String> marker() {
    return Optional.empty();
  }

  @Override
  public boolean mark(Optional<String> expected, String next) {
    return true;
  }

  @Override
  public void probe() {}

  @Override
  public void close() {}
}
