package dev.stele.server.syslog;

import dev.stele.log.LogIdentity;
import dev.stele.registry.EventEntry;
import dev.stele.registry.WebhookReceiver;
import dev.stele.server.audit.CloudEvents;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * Sends events as syslog messages over TCP or TLS, one after the other on a connection that stays
 * open. Syslog has no answer, so what was written may have been lost with a connection that ends:
 * after that the last {@value #REPEATED} messages are sent again before the next. Whoever receives
 * them knows what they have by its position.
 */
public final class SyslogReceiver implements WebhookReceiver {
  /** How many messages are sent again on a new connection. */
  static final int REPEATED = 100;

  private final SyslogSettings settings;
  private final CloudEvents cloudEvents;
  private final String host;

  /** The last that were written, the oldest first; for the thread that delivers. */
  private final Deque<byte[]> written = new ArrayDeque<>();

  private volatile Optional<Connection> open = Optional.empty();
  private volatile Optional<Socket> connecting = Optional.empty();
  private volatile boolean closed;

  /** A receiver that is sent messages as configured. */
  public SyslogReceiver(SyslogSettings settings, CloudEvents cloudEvents) {
    this.settings = settings;
    this.cloudEvents = cloudEvents;
    this.host = host();
  }

  /** A connection, of which it is noticed when the other side ends it. */
  private static final class Connection {
    private final Socket plain;
    private final Socket socket;
    private volatile boolean ended;

    private Connection(Socket plain, Socket socket) {
      this.plain = plain;
      this.socket = socket;
      Thread _ = Thread.ofVirtual().name("syslog-end").start(this::awaitEnd);
    }

    private void awaitEnd() {
      byte[] ignored = new byte[256];
      try {
        InputStream in = socket.getInputStream();
        while (in.read(ignored) >= 0) {
          // A receiver has nothing to say.
        }
      } catch (IOException e) {
        // It has ended, however.
      }
      ended = true;
      close();
    }

    /** That of TLS would wait for whoever is writing, who may wait for ever. */
    private void close() {
      SyslogReceiver.close(plain);
      SyslogReceiver.close(socket);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing of it is used any more.
    }
  }

  @Override
  public Answer deliver(LogIdentity log, EventEntry event) {
    byte[] message =
        SyslogMessage.framed(settings.facility(), host, log, event, content(log, event));
    try {
      Connection connection = connected();
      write(connection, List.of(message));
    } catch (IOException e) {
      disconnect();
      return new Answer.Failed(reason(e), Optional.<Duration>empty());
    }
    written.addLast(message);
    if (written.size() > REPEATED) {
      written.removeFirst();
    }
    return new Answer.Taken();
  }

  private byte[] content(LogIdentity log, EventEntry event) {
    return switch (settings.format()) {
      case OCSF -> OcsfEvent.bytes(log, event);
      case CLOUDEVENTS -> cloudEvents.bytes(log, event);
    };
  }

  private Connection connected() throws IOException {
    Optional<Connection> present = open.filter(connection -> !connection.ended);
    if (present.isPresent()) {
      return present.get();
    }
    disconnect();
    Connection made = connect();
    open = Optional.of(made);
    requireOpen();
    write(made, written);
    return made;
  }

  private Connection connect() throws IOException {
    int patience = Math.toIntExact(settings.timeout().toMillis());
    Socket plain = new Socket();
    connecting = Optional.of(plain);
    try {
      requireOpen();
      plain.connect(new InetSocketAddress(settings.host(), settings.port()), patience);
      plain.setKeepAlive(true);
      plain.setTcpNoDelay(true);
      if (!settings.tls()) {
        return new Connection(plain, plain);
      }
      SSLSocket secure =
          (SSLSocket) trusting().createSocket(plain, settings.host(), settings.port(), true);
      SSLParameters parameters = secure.getSSLParameters();
      // The certificate must be the host's: syslog by TLS knows it as HTTP does (RFC 5425, 5.2).
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secure.setSSLParameters(parameters);
      secure.setSoTimeout(patience);
      secure.startHandshake();
      secure.setSoTimeout(0);
      return new Connection(plain, secure);
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
  }

  /** Reads the certificates anew for each connection: they are renewed while a server runs. */
  private SSLSocketFactory trusting() throws IOException {
    if (settings.caFile().isEmpty()) {
      return (SSLSocketFactory) SSLSocketFactory.getDefault();
    }
    try (InputStream in = Files.newInputStream(settings.caFile().get())) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int count = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca-" + count++, each);
      }
      if (count == 0) {
        throw new IOException(settings.caFile().get() + " has no certificate");
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new IOException(settings.caFile().get() + " cannot be used: " + e.getMessage(), e);
    }
  }

  /** Writes, or fails when that has taken too long: a socket would wait for ever. */
  private void write(Connection connection, Iterable<byte[]> messages) throws IOException {
    AtomicBoolean late = new AtomicBoolean();
    CompletableFuture<Void> watch =
        CompletableFuture.runAsync(
            () -> {
              late.set(true);
              connection.close();
            },
            CompletableFuture.delayedExecutor(
                settings.timeout().toMillis(), TimeUnit.MILLISECONDS));
    try {
      for (byte[] message : messages) {
        connection.socket.getOutputStream().write(message);
      }
      connection.socket.getOutputStream().flush();
    } catch (IOException e) {
      throw late.get()
          ? new SocketTimeoutException("nothing was read for " + settings.timeout())
          : e;
    } finally {
      boolean _ = watch.cancel(false);
    }
  }

  private void disconnect() {
    open.ifPresent(Connection::close);
    open = Optional.empty();
  }

  private static String reason(IOException e) {
    String said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return switch (e) {
      case UnknownHostException _ -> "cannot connect: the host is unknown";
      case SSLException _ -> "no TLS connection: " + said;
      default -> "the connection failed: " + said;
    };
  }

  /** The machine's name as RFC 5424 allows it. */
  private static String host() {
    try {
      String name = InetAddress.getLocalHost().getHostName();
      return name.matches("[\\x21-\\x7e]{1,255}") ? name : "-";
    } catch (UnknownHostException e) {
      return "-";
    }
  }

  @Override
  public String address() {
    return settings.address();
  }

  @Override
  public void close() {
    closed = true;
    connecting.ifPresent(SyslogReceiver::close);
    open.ifPresent(Connection::close);
  }
}
