package dev.stele.blob;

import dev.stele.blob.RunningHashes.RunningHash;
import dev.stele.oci.Digest;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data file of an upload while one call uses it: appends, hashes, rolls back. For use by one
 * thread.
 *
 * <p>While a large blob arrives, what was received is written out to the disk behind it, and
 * receiving waits when more than one such step is behind. So the last fsync has at most twice
 * {@value #WRITE_OUT_BYTES} bytes to write, whatever the blob's size; and mostly none of what came
 * with an earlier request, since what that left goes on being written out after it.
 */
final class UploadFile implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(UploadFile.class);
  private static final long WRITE_OUT_BYTES = 8L << 20;

  /** With less it is not worth the disk's while to begin before the upload is finished. */
  private static final long LEAST_LEFT = 1L << 20;

  private final Path path;
  private final FileChannel channel;
  private final Executor writeOutExecutor;
  private final Growth growth;
  private final Digest.Algorithm algorithm;
  private long size;

  /** Up to where writing out was begun. */
  private long writtenOut;

  /** The hash of all {@link #size} bytes; null if the bytes are to be read for it first. */
  private MessageDigest hash;

  private CompletableFuture<Void> writeOut;
  private boolean unusable;

  /** Is asked before bytes are written. */
  @FunctionalInterface
  interface Growth {
    /**
     * @throws InsufficientStorageException if they may not be
     */
    void by(long bytes) throws InsufficientStorageException;
  }

  private UploadFile(
      Path path,
      FileChannel channel,
      CompletableFuture<Void> writeOut,
      Executor writeOutExecutor,
      Growth growth,
      Digest.Algorithm algorithm,
      long size,
      MessageDigest hash) {
    this.path = path;
    this.channel = channel;
    this.writeOut = writeOut;
    this.writtenOut = size;
    this.writeOutExecutor = writeOutExecutor;
    this.growth = growth;
    this.algorithm = algorithm;
    this.size = size;
    this.hash = hash;
  }

  /** Makes an empty file that must not exist yet. */
  static UploadFile create(
      Path path, Digest.Algorithm algorithm, Executor writeOutExecutor, Growth growth)
      throws IOException {
    FileChannel channel =
        OwnerOnly.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    return new UploadFile(
        path,
        channel,
        CompletableFuture.completedFuture(null),
        writeOutExecutor,
        growth,
        algorithm,
        0,
        algorithm.newHasher());
  }

  /**
   * Opens a file with what it has received.
   *
   * @param writeOut what {@link #leave} answered, if the file was left before
   * @param running the hash so far, if it was kept
   * @param algorithm what to hash with if it was not, or if nothing was received yet
   */
  static UploadFile open(
      Path path,
      CompletableFuture<Void> writeOut,
      Optional<RunningHash> running,
      Digest.Algorithm algorithm,
      Executor writeOutExecutor,
      Growth growth)
      throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      long size = channel.size();
      if (size == 0) {
        return new UploadFile(
            path, channel, writeOut, writeOutExecutor, growth, algorithm, 0, algorithm.newHasher());
      }
      // A size that differs means that somebody else wrote to the file: what counts is the file.
      return running
          .filter(known -> known.size() == size)
          .map(
              known ->
                  new UploadFile(
                      path,
                      channel,
                      writeOut,
                      writeOutExecutor,
                      growth,
                      known.algorithm(),
                      size,
                      known.state()))
          .orElseGet(
              () ->
                  new UploadFile(
                      path, channel, writeOut, writeOutExecutor, growth, algorithm, size, null));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  long size() {
    return size;
  }

  /** Whether the file can no longer be trusted, so that its session is to be given up. */
  boolean isUnusable() {
    return unusable || writeOut.isCompletedExceptionally();
  }

  /**
   * Leaves the file to a later request: writes out what is worth it, in the background.
   *
   * @return done when all that was begun is written out; if it fails, the file is unusable
   */
  CompletableFuture<Void> leave() {
    if (size - writtenOut >= LEAST_LEFT) {
      // Begun now, not after what runs: then closing the store would refuse it.
      writeOut =
          CompletableFuture.allOf(
              writeOut, CompletableFuture.runAsync(this::writeOutNow, writeOutExecutor));
    }
    return writeOut;
  }

  /** The hash so far, if it is known, to go on with later. The file is not used after this. */
  Optional<RunningHash> runningHash() {
    return Optional.ofNullable(hash).map(state -> new RunningHash(algorithm, state, size));
  }

  /**
   * Appends a chunk under the terms of {@link BlobStore#append}.
   *
   * @param resumable whether what arrived stays if the body fails
   */
  void receive(Chunk chunk, boolean resumable, byte[] buffer)
      throws IOException, BadRangeException {
    long before = size;
    if (chunk.start().isPresent() && chunk.start().getAsLong() != before) {
      throw new BadRangeException(
          "the chunk begins at %d, but the upload has %d bytes"
              .formatted(chunk.start().getAsLong(), before),
          before);
    }
    if (hash == null) {
      hash = hashFile(algorithm, buffer);
    }
    MessageDigest hashBefore = copyOf(hash);
    Body body = new Body(chunk.body());
    boolean keep = false;
    try {
      long received = copy(body, chunk.length().orElse(Long.MAX_VALUE), buffer);
      boolean asDeclared = received == chunk.length().orElse(received);
      keep = body.failed() ? resumable : asDeclared;
      body.throwFailure();
      if (!asDeclared) {
        throw new BadRangeException(
            "the chunk is %s than the %d bytes declared"
                .formatted(
                    received < chunk.length().getAsLong() ? "shorter" : "longer",
                    chunk.length().getAsLong()),
            before);
      }
    } finally {
      if (!keep) {
        rollBack(before, hashBefore);
      }
    }
  }

  /** Copies until the body ends, fails or turns out longer than {@code limit}. */
  private long copy(Body body, long limit, byte[] buffer) throws IOException {
    long received = 0;
    while (received <= limit) {
      int filled = body.fill(buffer);
      write(buffer, filled);
      received += filled;
      if (filled < buffer.length) {
        break;
      }
    }
    return received;
  }

  private void write(byte[] bytes, int length) throws IOException {
    if (length == 0) {
      return;
    }
    growth.by(length);
    ByteBuffer source = ByteBuffer.wrap(bytes, 0, length);
    long position = size;
    while (source.hasRemaining()) {
      position += channel.write(source, position);
    }
    hash.update(bytes, 0, length);
    boolean stepDone = position / WRITE_OUT_BYTES > size / WRITE_OUT_BYTES;
    size = position;
    if (stepDone) {
      awaitWriteOut();
      writtenOut = size;
      writeOut = CompletableFuture.runAsync(this::writeOutNow, writeOutExecutor);
    }
  }

  /** On a channel of its own, which lives as long as this takes and no interrupt closes. */
  private void writeOutNow() {
    try (FileChannel own = FileChannel.open(path, StandardOpenOption.WRITE)) {
      own.force(false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitWriteOut() throws IOException {
    try {
      writeOut.join();
    } catch (CompletionException e) {
      // What was not written is dropped by the kernel, and a later fsync may succeed without it.
      unusable = true;
      if (e.getCause() instanceof UncheckedIOException failure) {
        throw failure.getCause();
      }
      throw e;
    }
  }

  private void rollBack(long before, MessageDigest hashBefore) {
    hash = hashBefore;
    size = before;
    // An interrupted thread cannot use a channel, and its failed write has closed this one.
    boolean interrupted = Thread.interrupted();
    try (FileChannel again = FileChannel.open(path, StandardOpenOption.WRITE)) {
      again.truncate(before);
    } catch (IOException e) {
      log.warn("Cannot cut {} back to {} bytes", path, before, e);
      unusable = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The digest of everything received. Nothing can be received after it. */
  Digest digest(Digest.Algorithm wanted, byte[] buffer) throws IOException {
    MessageDigest whole = hash != null && wanted == algorithm ? hash : hashFile(wanted, buffer);
    hash = null;
    return Digest.ofHash(wanted, whole.digest());
  }

  private MessageDigest hashFile(Digest.Algorithm with, byte[] buffer) throws IOException {
    MessageDigest fresh = with.newHasher();
    for (long position = 0; position < size; ) {
      ByteBuffer target =
          ByteBuffer.wrap(buffer, 0, (int) Math.min(buffer.length, size - position));
      int read = channel.read(target, position);
      if (read < 0) {
        throw new EOFException("%s ended at %d of %d bytes".formatted(path, position, size));
      }
      fresh.update(buffer, 0, read);
      position += read;
    }
    return fresh;
  }

  /** Makes the bytes and the size durable. */
  void force() throws IOException {
    awaitWriteOut();
    try {
      channel.force(false);
    } catch (IOException e) {
      unusable = true;
      throw e;
    }
  }

  /** Closes the file, which may go on being written out. */
  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static MessageDigest copyOf(MessageDigest hash) {
    try {
      return (MessageDigest) hash.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's SHA-2 states can be copied", e);
    }
  }
}
