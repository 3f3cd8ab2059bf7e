package dev.stele.blob;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes on with the bytes of uploads behind the requests that bring them: they are written out,
 * and between two requests of a session its hash is kept. A disk reports only once that it could
 * not write, so a session of which it did is not trusted again. Thread-safe.
 */
final class WriteBehind implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WriteBehind.class);
  private static final int THREADS = 4;

  private final RunningHashes hashes = new RunningHashes();

  /** What is being written out of sessions that no request uses now, or could not be. */
  private final Map<UploadId, CompletableFuture<Void>> leftFiles = new ConcurrentHashMap<>();

  /**
   * Sessions whose bytes a disk reported as unwritten, until their files are gone: a disk in that
   * state may refuse to remove them as well.
   */
  private final Set<UploadId> untrusted = ConcurrentHashMap.newKeySet();

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS, Thread.ofPlatform().daemon().name("blob-write-out-", 0).factory());

  /** Makes the file of a blob that one request brings. */
  UploadFile create(Path path, Digest.Algorithm algorithm, UploadFile.Growth growth)
      throws IOException {
    return UploadFile.create(path, algorithm, threads, growth);
  }

  /**
   * Opens the file of a session for a request.
   *
   * @param algorithm what to hash with if the hash was not kept, or nothing was received yet
   */
  UploadFile open(UploadId id, Path path, Digest.Algorithm algorithm, UploadFile.Growth growth)
      throws IOException {
    CompletableFuture<Void> left = leftFiles.remove(id);
    boolean opened = false;
    try {
      UploadFile file =
          UploadFile.open(
              path,
              Objects.requireNonNullElse(left, CompletableFuture.<Void>completedFuture(null)),
              hashes.take(id),
              algorithm,
              threads,
              growth);
      opened = true;
      return file;
    } finally {
      if (!opened && left != null && !left.isDone()) {
        leftFiles.put(id, left);
      }
    }
  }

  /**
   * Leaves the file of a session to its next request.
   *
   * @param unwritten is run if it cannot be written out; then the session is not trusted any more
   */
  void leave(UploadId id, UploadFile file, Runnable unwritten) {
    file.runningHash().ifPresent(hash -> hashes.keep(id, hash));
    CompletableFuture<Void> left = file.leave();
    CompletableFuture<Void> unusedBefore = leftFiles.put(id, left);
    CompletableFuture<Void> unusedDone =
        left.whenComplete(
            (_, failure) -> {
              if (failure == null) {
                leftFiles.remove(id, left);
                return;
              }
              log.warn("Upload {} is given up: its bytes cannot be written out", id, failure);
              untrusted.add(id);
              unwritten.run();
            });
  }

  void distrust(UploadId id) {
    untrusted.add(id);
  }

  boolean isTrusted(UploadId id) {
    return !untrusted.contains(id);
  }

  /** Forgets what was left of a session that ends. */
  void forget(UploadId id) {
    RunningHashes.RunningHash unusedHash = hashes.take(id).orElse(null);
    leftFiles.keySet().remove(id);
  }

  /** Says that the files of a session are gone, so that nobody can trust them by mistake. */
  void gone(UploadId id) {
    untrusted.remove(id);
  }

  /** Ends after what is being written out. */
  @Override
  public void close() {
    threads.close();
    hashes.clear();
  }
}
