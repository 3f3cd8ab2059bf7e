package dev.stele.parity;

import dev.stele.blob.BlobStore;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.S3BlobStore;
import dev.stele.blob.S3Endpoint;
import dev.stele.blob.S3Settings;
import dev.stele.blob.StoreThatDoesNothing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A kind of blob store: where the suite gets stores from, and how it damages what they keep. */
public interface ParityStorage {
  /** The store of that name; the same name opens the same store again. */
  BlobStore open(String name) throws IOException;

  /** Tries to open a store that cannot be used. */
  BlobStore openUnusable() throws IOException;

  /** Replaces the bytes of an object behind the store's back. */
  void overwrite(String store, String objectKey, byte[] bytes) throws IOException;

  /** Removes an object behind the store's back. */
  void remove(String store, String objectKey) throws IOException;

  /** Stores in folders of a local disk. */
  record OnDisk(Path folder) implements ParityStorage {
    @Override
    public BlobStore open(String name) throws IOException {
      return new DiskBlobStore(folder.resolve(name));
    }

    /** Where the store's folder should be, there is a file. */
    @Override
    public BlobStore openUnusable() throws IOException {
      return new DiskBlobStore(Files.writeString(folder.resolve("file"), "no folder"));
    }

    private Path file(String store, String objectKey) {
      return folder.resolve(store).resolve(objectKey);
    }

    @Override
    public void overwrite(String store, String objectKey, byte[] bytes) throws IOException {
      Path file = file(store, objectKey);
      if (!Files.isRegularFile(file)) {
        throw new IOException("there is no object " + file);
      }
      Files.write(file, bytes);
    }

    @Override
    public void remove(String store, String objectKey) throws IOException {
      Files.delete(file(store, objectKey));
    }
  }

  /** Stores in buckets; each instance has its own. */
  record OnBucket(S3Endpoint endpoint, int number) implements ParityStorage {
    private static final AtomicInteger count = new AtomicInteger();

    OnBucket(S3Endpoint endpoint) {
      this(endpoint, count.incrementAndGet());
    }

    private String bucket(String store) {
      return "parity-" + number + "-" + store;
    }

    @Override
    public BlobStore open(String name) throws IOException {
      endpoint.provideBucket(bucket(name));
      return S3BlobStore.open(endpoint.settings(bucket(name)));
    }

    /** A bucket that does not exist. */
    @Override
    public BlobStore openUnusable() throws IOException {
      S3Settings settings = endpoint.settings("no-such-bucket");
      return S3BlobStore.open(settings);
    }

    @Override
    public void overwrite(String store, String objectKey, byte[] bytes) throws IOException {
      endpoint.overwrite(bucket(store), objectKey, bytes);
    }

    @Override
    public void remove(String store, String objectKey) throws IOException {
      endpoint.remove(bucket(store), objectKey);
    }
  }

  /** Stores that answer politely and keep nothing. */
  record Nowhere() implements ParityStorage {
    @Override
    public BlobStore open(String name) {
      return new StoreThatDoesNothing();
    }

    @Override
    public BlobStore openUnusable() {
      return new StoreThatDoesNothing();
    }

    @Override
    public void overwrite(String store, String objectKey, byte[] bytes) {}

    @Override
    public void remove(String store, String objectKey) {}
  }
}
