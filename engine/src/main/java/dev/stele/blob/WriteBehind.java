package dev.stele.blob;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
  private final Map<Path, CompletableFuture<Void>> leftFiles = new ConcurrentHashMap<>();

  /**
   * Sessions whose bytes a disk reported as unwritten, until their files are gone: a disk in that
   * state may refuse to remove them as well.
   */
  private final Set<Path> untrusted = ConcurrentHashMap.newKeySet();

  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS, Thread.ofPlatform().daemon().name("blob-write-out-", 0).factory());

  /** Remembers what a session will probably be hashed with. */
  void begin(Path session, Digest.Algorithm hint) {
    hashes.keep(session, new RunningHashes.RunningHash(hint, hint.newHasher(), 0));
  }

  /** Makes the file of a blob that one request brings. */
  UploadFile create(Path path, Digest.Algorithm algorithm, UploadFile.Growth growth)
      throws IOException {
    return UploadFile.create(path, algorithm, threads, growth);
  }

  /**
   * Opens the file of a session for a request.
   *
   * @param algorithm what to hash with if the hash was not kept, or nothing was received yet;
   *     absent for the hint, or the usual one if that is not known any more
   */
  UploadFile open(Path session, Optional<Digest.Algorithm> algorithm, UploadFile.Growth growth)
      throws IOException {
    CompletableFuture<Void> left = leftFiles.remove(session);
    boolean opened = false;
    try {
      Optional<RunningHashes.RunningHash> running = hashes.take(session);
      UploadFile file =
          UploadFile.open(
              session,
              Objects.requireNonNullElse(left, CompletableFuture.<Void>completedFuture(null)),
              running,
              algorithm
                  .or(() -> running.map(RunningHashes.RunningHash::algorithm))
                  .orElse(Digest.Algorithm.SHA256),
              threads,
              growth);
      opened = true;
      return file;
    } finally {
      if (!opened && left != null && !left.isDone()) {
        leftFiles.put(session, left);
      }
    }
  }

  /**
   * Leaves the file of a session to its next request.
   *
   * @param unwritten is run if it cannot be written out; then the session is not trusted any more
   */
  void leave(Path session, UploadFile file, Runnable unwritten) {
    file.runningHash().ifPresent(hash -> hashes.keep(session, hash));
    CompletableFuture<Void> left = file.leave();
    CompletableFuture<Void> unusedBefore = leftFiles.put(session, left);
    CompletableFuture<Void> unusedDone =
        left.whenComplete(
            (_, failure) -> {
              if (failure == null) {
                leftFiles.remove(session, left);
                return;
              }
              log.warn("Upload {} is given up: its bytes cannot be written out", session, failure);
              untrusted.add(session);
              unwritten.run();
            });
  }

  void distrust(Path session) {
    untrusted.add(session);
  }

  boolean isTrusted(Path session) {
    return !untrusted.contains(session);
  }

  /** Forgets what was left of a session that ends. */
  void forget(Path session) {
    RunningHashes.RunningHash unusedHash = hashes.take(session).orElse(null);
    leftFiles.keySet().remove(session);
  }

  /** Says that the files of a session are gone, so that nobody can trust them by mistake. */
  void gone(Path session) {
    untrusted.remove(session);
  }

  /** Ends after what is being written out. */
  @Override
  public void close() {
    threads.close();
    hashes.clear();
  }
}
