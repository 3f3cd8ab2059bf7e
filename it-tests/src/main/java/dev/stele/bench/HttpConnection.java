package dev.stele.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Locale;

/**
 * One kept-alive HTTP/1.1 connection to a registry on this machine. It does as little as a client
 * can, so that what is measured is the server. Not safe for use by several threads.
 */
final class HttpConnection implements AutoCloseable {
  private static final int BUFFER = 256 << 10;

  /** Takes the bytes of an answer's body as they arrive; must consume all that remain. */
  interface Sink {
    /** Throws the bytes away. */
    Sink DISCARD = bytes -> bytes.position(bytes.limit());

    void accept(ByteBuffer bytes);
  }

  /** Gives a request's body, a buffer at a time. */
  interface Source {
    /** The next bytes, at least one; called until the announced length has been sent. */
    ByteBuffer next();
  }

  /**
   * An answer whose body has been read.
   *
   * @param location the Location header without scheme and host; empty if there is none
   * @param length of the body, in bytes
   */
  record Answer(int status, String location, long length) {
    /**
     * This answer, if it has that status.
     *
     * @throws IOException if it has another
     */
    Answer expect(int expected) throws IOException {
      if (status != expected) {
        throw new IOException("the registry answered " + status + ", not " + expected);
      }
      return this;
    }
  }

  private final InetSocketAddress address;
  private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER).limit(0);
  private SocketChannel channel;
  private boolean closeAnnounced;

  HttpConnection(int port) throws IOException {
    this.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    this.channel = connect();
  }

  private SocketChannel connect() throws IOException {
    SocketChannel connected = SocketChannel.open(address);
    connected.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return connected;
  }

  /** Sends a request without a body and reads the whole answer. */
  Answer send(String method, String target, String headers) throws IOException {
    return send(method, target, headers, new byte[0], Sink.DISCARD);
  }

  /**
   * Sends a request and reads the whole answer.
   *
   * @param headers lines that each end with CR LF, without Host and Content-Length
   */
  Answer send(String method, String target, String headers, byte[] body, Sink sink)
      throws IOException {
    byte[] head = head(method, target, headers, body.length);
    ByteBuffer request = ByteBuffer.allocate(head.length + body.length);
    writeFully(request.put(head).put(body).flip());
    return readAnswer(method, sink);
  }

  /** Sends a request with a long body and reads the whole answer. */
  Answer send(String method, String target, String headers, long length, Source source)
      throws IOException {
    writeFully(ByteBuffer.wrap(head(method, target, headers, length)));
    for (long sent = 0; sent < length; ) {
      ByteBuffer next = source.next();
      sent += next.remaining();
      writeFully(next);
    }
    return readAnswer(method, Sink.DISCARD);
  }

  private byte[] head(String method, String target, String headers, long length)
      throws IOException {
    if (closeAnnounced) {
      channel.close();
      channel = connect();
      in.limit(0);
      closeAnnounced = false;
    }
    return (method
            + ' '
            + target
            + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
            + length
            + "\r\n"
            + headers
            + "\r\n")
        .getBytes(ISO_8859_1);
  }

  private void writeFully(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private Answer readAnswer(String method, Sink sink) throws IOException {
    String statusLine = readLine();
    int status = Integer.parseInt(statusLine.substring(9, 12));
    long length = 0;
    boolean chunked = false;
    String location = "";
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      int colon = line.indexOf(':');
      String value = line.substring(colon + 1).strip();
      switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
        case "content-length" -> length = Long.parseLong(value);
        case "transfer-encoding" -> chunked = value.equalsIgnoreCase("chunked");
        case "connection" -> closeAnnounced = value.equalsIgnoreCase("close");
        case "location" -> location = value.replaceFirst("^https?://[^/]*", "");
        default -> {
          // Nothing that a benchmark needs.
        }
      }
    }
    if (status == 204 || status == 304 || method.equals("HEAD")) {
      return new Answer(status, location, 0);
    }
    return new Answer(status, location, chunked ? readChunks(sink) : readBody(length, sink));
  }

  private long readChunks(Sink sink) throws IOException {
    long total = 0;
    while (true) {
      long size = Long.parseLong(readLine().strip(), 16);
      readBody(size, sink);
      total += size;
      readLine();
      if (size == 0) {
        return total;
      }
    }
  }

  private long readBody(long length, Sink sink) throws IOException {
    for (long left = length; left > 0; ) {
      if (!in.hasRemaining()) {
        fill();
      }
      int count = (int) Math.min(left, in.remaining());
      sink.accept(in.slice(in.position(), count));
      in.position(in.position() + count);
      left -= count;
    }
    return length;
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder(64);
    while (true) {
      if (!in.hasRemaining()) {
        fill();
      }
      char c = (char) (in.get() & 0xff);
      if (c == '\n') {
        return line.toString();
      }
      if (c != '\r') {
        line.append(c);
      }
    }
  }

  private void fill() throws IOException {
    in.clear();
    int read = channel.read(in);
    in.flip();
    if (read < 0) {
      throw new EOFException("the registry closed the connection during an answer");
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
