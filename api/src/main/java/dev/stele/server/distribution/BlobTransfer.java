package dev.stele.server.distribution;

import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobContent;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.eclipse.jetty.ee10.servlet.HttpOutput;

/**
 * Sends a blob's bytes. A local file is mapped and goes from the page cache to the socket without a
 * copy in between; what has no file is streamed.
 */
final class BlobTransfer {
  /** How many bytes are handed over at a time; larger ones were no faster. */
  private static final int BUFFER = 256 << 10;

  /** How many bytes of a file are mapped at a time; unmapping costs a handshake of all threads. */
  private static final long WINDOW = 64 << 20;

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
      content.transferred(length);
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
    if (length <= BUFFER) {
      socket.write(read(file, start, (int) length));
      return;
    }
    long end = start + length;
    for (long position = start; position < end; position += WINDOW) {
      long window = Math.min(WINDOW, end - position);
      // Shared, since Jetty may write from another thread; write returns when it is done with the
      // buffer.
      try (Arena arena = Arena.ofShared()) {
        ByteBuffer mapped =
            file.map(FileChannel.MapMode.READ_ONLY, position, window, arena).asByteBuffer();
        for (int from = 0; from < window; from += BUFFER) {
          socket.write(mapped.slice(from, (int) Math.min(BUFFER, window - from)));
        }
      }
    }
  }

  private static ByteBuffer read(FileChannel file, long start, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, start + buffer.position()) < 0) {
        throw new EOFException("the file ends before byte %d".formatted(start + length));
      }
    }
    return buffer.flip();
  }
}
