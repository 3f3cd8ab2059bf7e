package dev.stele.bench;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What this machine can do at best, in MiB/s, for comparison: no push can be faster than hashing,
 * writing and the loopback allow.
 *
 * @param write a file written in order, with one fsync at its end
 * @param sha256 hashing on one core
 * @param loopback one socket, one thread at each end
 */
record PhysicalFloor(double write, double sha256, double loopback) {
  private static final int BLOCK = 1 << 20;

  /** Measures, writing a file of that many bytes below the folder and removing it. */
  static PhysicalFloor measure(Path folder, long size) throws IOException, InterruptedException {
    ByteBuffer block = new GeneratedBlob(1, BLOCK).source().next();
    return new PhysicalFloor(
        write(folder, block, size), sha256(block, size), loopback(block, size));
  }

  private static double write(Path folder, ByteBuffer block, long size) throws IOException {
    Path file = folder.resolve("floor");
    long start = System.nanoTime();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long done = 0; done < size; ) {
        done += channel.write(block.clear());
      }
      channel.force(true);
      return BlobWorkload.mebibytes(size) / BlobWorkload.seconds(start);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static double sha256(ByteBuffer block, long size) {
    MessageDigest hasher = Digest.Algorithm.SHA256.newHasher();
    long start = System.nanoTime();
    for (long done = 0; done < size; done += BLOCK) {
      hasher.update(block.clear());
    }
    hasher.digest();
    return BlobWorkload.mebibytes(size) / BlobWorkload.seconds(start);
  }

  private static double loopback(ByteBuffer block, long size)
      throws IOException, InterruptedException {
    try (ServerSocketChannel listener = ServerSocketChannel.open();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      long start = System.nanoTime();
      Future<Void> sender =
          threads.submit(
              () -> {
                try (SocketChannel out = SocketChannel.open(listener.getLocalAddress())) {
                  for (long sent = 0; sent < size; ) {
                    sent += out.write(block.hasRemaining() ? block : block.clear());
                  }
                  return null;
                }
              });
      try (SocketChannel in = listener.accept()) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);
        while (in.read(buffer.clear()) >= 0) {
          // Only the transfer counts.
        }
      }
      sender.get();
      return BlobWorkload.mebibytes(size) / BlobWorkload.seconds(start);
    } catch (ExecutionException e) {
      throw new IOException("the sender failed", e.getCause());
    }
  }
}
