package dev.stele.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Stands between HTTP/1.1 clients and servers on loopback: a load balancer that gives each request
 * to the next server, or a bad line to a single one. It asks the server to close the connection
 * after the answer, so a connection carries one request, which is then relayed byte for byte
 * without being understood. A server that takes no connection is passed over for the next; when
 * none does, the client's connection is closed. Safe for use by several threads.
 */
final class HttpRelay implements Closeable {
  private static final int HEAD_LIMIT = 64 << 10;

  /** Headers that are between a client and whom it is connected to, here the relay. */
  private static final Pattern BETWEEN_NEIGHBOURS =
      Pattern.compile("(?i)(connection|upgrade|http2-settings|keep-alive):");

  /** How long a client may keep its connection after the answer before it is closed. */
  private static final Duration LEAVE = Duration.ofSeconds(2);

  private final ServerSocket listener;
  private final Supplier<List<URI>> servers;
  private final Supplier<LineFault> faults;
  private final AtomicInteger turn = new AtomicInteger();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  private HttpRelay(Supplier<List<URI>> servers, Supplier<LineFault> faults) throws IOException {
    this.listener = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
    this.servers = servers;
    this.faults = faults;
    Thread _ = Thread.ofVirtual().name("relay").start(this::accept);
  }

  /** Gives each request to the next server in turn. The list is asked for at each request. */
  static HttpRelay roundRobin(Supplier<List<URI>> servers) throws IOException {
    return new HttpRelay(servers, LineFault.None::new);
  }

  /** Relays to one server, each request with the next of these faults. */
  static HttpRelay faulty(URI server, Supplier<LineFault> faults) throws IOException {
    return new HttpRelay(() -> List.of(server), faults);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        open.add(client);
        Thread _ = Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException e) {
        if (!listener.isClosed()) {
          throw new IllegalStateException("the relay cannot accept connections", e);
        }
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      client.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(client.getInputStream(), 64 << 10);
      byte[] head = readHead(in);
      if (head.length > 0) {
        relay(client, in, head, faults.get());
      }
    } catch (IOException e) {
      // One side is gone. Closing the other tells it, as a load balancer does.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(client);
    }
  }

  private void relay(Socket client, InputStream in, byte[] head, LineFault fault)
      throws IOException, InterruptedException {
    switch (fault) {
      case LineFault.None() -> exchange(client, in, head, Long.MAX_VALUE, Long.MAX_VALUE);
      case LineFault.Reset() -> reset(client);
      case LineFault.Refused(int status) -> refuse(client, in, status);
      case LineFault.RequestCut(long bytes) -> {
        exchange(client, in, head, bytes, Long.MAX_VALUE);
        reset(client);
      }
      case LineFault.AnswerCut(long bytes, boolean reset) -> {
        exchange(client, in, head, Long.MAX_VALUE, bytes);
        if (reset) {
          reset(client);
        }
      }
      case LineFault.Stalled(Duration time) -> {
        exchange(client, in, head, Long.MAX_VALUE, 0);
        Thread.sleep(time);
      }
    }
  }

  /** Sends the request, and the answer back, each up to so many bytes. */
  private void exchange(
      Socket client, InputStream in, byte[] head, long requestBytes, long answerBytes)
      throws IOException, InterruptedException {
    try (Socket server = connect()) {
      open.add(server);
      try {
        OutputStream out = server.getOutputStream();
        Thread upward =
            Thread.ofVirtual()
                .start(
                    () -> {
                      long left = requestBytes - copy(head, out, requestBytes);
                      if (copy(in, out, left) == left) {
                        close(server);
                      }
                    });
        long answered = copy(server.getInputStream(), client.getOutputStream(), answerBytes);
        if (answered < answerBytes && requestBytes == Long.MAX_VALUE) {
          client.shutdownOutput();
          // Closing with bytes of the request unread would reset the answer, too.
          upward.join(LEAVE);
        }
      } finally {
        open.remove(server);
      }
    }
  }

  private Socket connect() throws IOException {
    List<URI> candidates = servers.get();
    int first = turn.getAndIncrement();
    IOException failure = new SocketException("there is no server");
    for (int i = 0; i < candidates.size(); i++) {
      URI server = candidates.get(Math.floorMod(first + i, candidates.size()));
      Socket socket = new Socket();
      try {
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), 5000);
        return socket;
      } catch (IOException e) {
        socket.close();
        failure = e;
      }
    }
    throw failure;
  }

  /**
   * Reads the request line and the headers, with its own word about the connection. What does not
   * begin as a request, such as TLS, is the server's to refuse, so only its first byte is read.
   */
  private static byte[] readHead(InputStream in) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    in.mark(1);
    int first = in.read();
    if (first >= 0 && !Character.isLetter(first)) {
      return new byte[] {(byte) first};
    }
    in.reset();
    int end = 0;
    while (end < 4) {
      int next = in.read();
      if (next < 0) {
        return new byte[0];
      }
      bytes.write(next);
      end = next == (end % 2 == 0 ? '\r' : '\n') ? end + 1 : next == '\r' ? 1 : 0;
      if (bytes.size() > HEAD_LIMIT) {
        throw new IOException("the request's head is too long");
      }
    }
    StringBuilder head = new StringBuilder();
    for (String line : bytes.toString(ISO_8859_1).split("\r\n", -1)) {
      if (!line.isEmpty() && !BETWEEN_NEIGHBOURS.matcher(line).lookingAt()) {
        head.append(line).append("\r\n");
      }
    }
    return head.append("Connection: close\r\n\r\n").toString().getBytes(ISO_8859_1);
  }

  private static long copy(byte[] bytes, OutputStream out, long limit) {
    int length = (int) Math.min(bytes.length, limit);
    try {
      out.write(bytes, 0, length);
    } catch (IOException e) {
      // The server has hung up; that it did shows in its answer.
    }
    return length;
  }

  /**
   * Copies until the end or the limit; answers how much was read. Goes on reading when nobody takes
   * it any more, so that a client that is still sending gets to read its answer.
   */
  private static long copy(InputStream in, OutputStream out, long limit) {
    byte[] buffer = new byte[64 << 10];
    long copied = 0;
    boolean taken = true;
    try {
      while (copied < limit) {
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, limit - copied));
        if (read < 0) {
          break;
        }
        copied += read;
        if (taken) {
          taken = write(out, buffer, read);
        }
      }
    } catch (IOException e) {
      // That side is gone, which ends what it sends.
    }
    return copied;
  }

  private static boolean write(OutputStream out, byte[] buffer, int length) {
    try {
      out.write(buffer, 0, length);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void refuse(Socket client, InputStream in, int status)
      throws IOException, InterruptedException {
    String body = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>";
    String answer =
        "HTTP/1.1 %d Away\r\nContent-Type: application/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
            .formatted(status, body.length(), body);
    client.getOutputStream().write(answer.getBytes(ISO_8859_1));
    client.shutdownOutput();
    Thread rest =
        Thread.ofVirtual().start(() -> copy(in, OutputStream.nullOutputStream(), Long.MAX_VALUE));
    rest.join(LEAVE);
  }

  /** Closes so that the other side sees a broken connection rather than an end. */
  private static void reset(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("a socket does not close", e);
    }
  }

  /** Takes no more connections and cuts those that there are. */
  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
