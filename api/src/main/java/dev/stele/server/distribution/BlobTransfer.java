package dev.stele.server.distribution;

import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobContent;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.eclipse.jetty.ee10.servlet.HttpOutput;

/**
 * Sends a blob's bytes. A local file goes through one direct buffer, from the page cache to the
 * socket without touching the heap; what has no file is streamed.
 */
final class BlobTransfer {
  /** Larger ones were no faster; the memory of a running download is this, in bytes. */
  private static final int BUFFER = 256 << 10;

  private BlobTransfer() {}

  /**
   * Writes {@code length} bytes from {@code start}.
   *
   * @throws IOException if the client is gone or the store fails
   */
  static void send(BlobContent content, long start, long length, OutputStream out)
      throws IOException {
    if (length == 0) {
      return;
    }
    if (content.channel().isPresent() && out instanceof HttpOutput socket) {
      send(content.channel().get(), start, length, socket);
      return;
    }
    try (InputStream in = content.stream(start, length)) {
      byte[] buffer = new byte[(int) Math.min(BUFFER, length)];
      long sent = 0;
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
        sent += read;
      }
      if (sent != length) {
        throw new EOFException("the store had %d of %d bytes".formatted(sent, length));
      }
    } catch (BadRangeException e) {
      throw new IllegalStateException("the range was checked against the blob's size", e);
    }
  }

  private static void send(FileChannel file, long start, long length, HttpOutput socket)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(BUFFER, length));
    long position = start;
    long end = start + length;
    while (position < end) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), end - position));
      while (buffer.hasRemaining()) {
        int read = file.read(buffer, position);
        if (read < 0) {
          throw new EOFException("the file ends at byte %d of %d".formatted(position, end));
        }
        position += read;
      }
      socket.write(buffer.flip());
    }
  }
}
