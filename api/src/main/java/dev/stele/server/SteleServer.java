package dev.stele.server;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.stele.engine.Engine;
import dev.stele.event.RobotName;
import dev.stele.policy.AccessPolicy;
import dev.stele.registry.Registry;
import dev.stele.server.audit.Audit;
import dev.stele.server.audit.SigningIn;
import dev.stele.server.auth.Authenticator;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.auth.ServerKey;
import dev.stele.server.auth.SourceMetrics;
import dev.stele.server.auth.TokenAuthority;
import dev.stele.server.config.Configuration;
import dev.stele.server.distribution.Distribution;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.util.JavalinBindException;
import io.javalin.util.JavalinException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server over a registry. Each request has a virtual thread of its own, so handlers block
 * at will. Thread-safe.
 */
public final class SteleServer implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(SteleServer.class);

  /** How long a request in flight may be silent while the server stops, before it is given up. */
  private static final Duration PAUSE_WHILE_STOPPING = Duration.ofSeconds(5);

  /** Within what time a connection must have brought its first request, or its handshake. */
  private static final Duration FIRST_REQUEST = Duration.ofSeconds(30);

  private final Javalin javalin;
  private final ServerSettings settings;
  private final Authenticator authenticator;
  private final Optional<Tls> tls;
  private final Audit audit;
  private final AtomicBoolean stopping;
  private final AtomicReference<AccessPolicy> access;

  private SteleServer(
      Javalin javalin,
      ServerSettings settings,
      Authenticator authenticator,
      Optional<Tls> tls,
      Audit audit,
      AtomicBoolean stopping,
      AtomicReference<AccessPolicy> access) {
    this.javalin = javalin;
    this.settings = settings;
    this.authenticator = authenticator;
    this.tls = tls;
    this.audit = audit;
    this.stopping = stopping;
    this.access = access;
  }

  /**
   * Starts to listen. The engine stays the caller's to close.
   *
   * @throws StartupException if the address cannot be listened on, or should not be since it is
   *     beyond loopback and there is no authentication, or the htpasswd file is unusable
   */
  public static SteleServer start(
      Engine engine, PrometheusMeterRegistry meters, ServerSettings settings)
      throws StartupException {
    checkExposure(settings);
    Authenticator authenticator = authenticator(settings, Optional.of(engine.registry()), meters);
    settings.access().ifPresent(policy -> warnOfStrangers(policy, authenticator));
    Optional<ServerKey> key =
        authenticator.required() ? Optional.of(new ServerKey(engine.secret())) : Optional.empty();
    // Where nobody can sign in, a token is nobody's, and other nodes need not know it.
    TokenAuthority tokens =
        new TokenAuthority(key.orElseGet(ServerKey::random), InstantSource.system());
    AtomicBoolean stopping = new AtomicBoolean();
    AtomicReference<AccessPolicy> access =
        new AtomicReference<>(AccessPolicy.inForce(settings.access(), settings.canSignIn()));
    Audit audit =
        new Audit(
            engine,
            meters,
            tokens,
            settings.cloudEvents(),
            settings.audit(),
            settings.limits().maxStreams(),
            stopping::get);
    RequestDispatcher dispatcher =
        new RequestDispatcher(
            new Distribution(
                engine.registry(), settings.maxManifestSize(), settings.deletion(), key),
            audit,
            new SigningIn(
                key.map(authenticator::signIns).orElseGet(Map::of),
                engine.registry().sessions(),
                engine.registry().accesses()),
            authenticator,
            tokens,
            access::get,
            engine.registry().accesses(),
            settings.local(),
            settings.proxies(),
            settings.prefix(),
            settings.room(),
            meters,
            settings.limits());
    Optional<Tls> tls = tls(settings, meters);
    tls.ifPresent(files -> engine.registry().health().registerAlarm("tls", files::alarm));
    Javalin javalin = Javalin.create(config -> configure(config, settings, tls, dispatcher));
    try {
      javalin.start();
    } catch (JavalinBindException e) {
      tls.ifPresent(Tls::close);
      authenticator.close();
      audit.close();
      throw new StartupException(
          "cannot listen on "
              + settings.listen()
              + ": the port is in use or not permitted; choose another with --listen",
          e);
    } catch (RuntimeException e) {
      tls.ifPresent(Tls::close);
      authenticator.close();
      audit.close();
      throw new StartupException(
          "cannot listen on " + settings.listen() + ": " + rootMessage(e), e);
    }
    return new SteleServer(javalin, settings, authenticator, tls, audit, stopping, access);
  }

  /**
   * Refuses settings that would let anybody on the network in, or read what is sent.
   *
   * @throws StartupException if the address is beyond loopback, and there is no authentication or
   *     no TLS, without an explicit choice
   */
  public static void checkExposure(ServerSettings settings) throws StartupException {
    if (settings.local().filter(LocalCredential::exclusive).isEmpty()) {
      checkAccess(settings.access(), settings.canSignIn());
    }
    if (settings.listen().isLoopback()) {
      return;
    }
    if (!settings.canSignIn() && !settings.insecure().contains(Configuration.Exposure.ANONYMOUS)) {
      throw new StartupException(
          ("refusing to listen on %s without authentication: set htpasswd in the configuration,"
                  + " listen on 127.0.0.1, or let everybody in with insecure: [anonymous]")
              .formatted(settings.listen()));
    }
    if (settings.tls().isEmpty() && !settings.insecure().contains(Configuration.Exposure.HTTP)) {
      throw new StartupException(
          ("refusing to listen on %s without TLS: set tls.certificate and tls.key in the"
                  + " configuration, listen on 127.0.0.1, or let others read what is sent, such as"
                  + " passwords, with insecure: [http]")
              .formatted(settings.listen()));
    }
  }

  /**
   * Refuses a policy under which nobody may do anything.
   *
   * @param canSignIn whether there are users
   */
  public static void checkAccess(Optional<AccessPolicy> policy, boolean canSignIn)
      throws StartupException {
    if (!canSignIn && policy.filter(present -> !present.allowsStrangers()).isPresent()) {
      throw new StartupException(
          "access: nobody can sign in, and the policy grants nothing to anonymous: set htpasswd");
    }
  }

  /** Puts another access policy in force, or none: for every request that begins from now on. */
  public void adopt(Optional<AccessPolicy> policy) {
    if (policy.isEmpty() && access.get().isPresent()) {
      logger.warn("there is no access policy any more: whoever may come in may do everything");
    }
    policy.ifPresent(next -> warnOfStrangers(next, authenticator));
    access.set(AccessPolicy.inForce(policy, settings.canSignIn()));
  }

  /** A name that nobody can sign in by is mostly a slip of the pen. */
  private static void warnOfStrangers(AccessPolicy policy, Authenticator authenticator) {
    List<String> unknown =
        Stream.concat(
                policy.names().stream(),
                // Who is in the others, the policy says.
                policy.grantedGroups().stream().filter(group -> group.indexOf(':') >= 0).sorted())
            .filter(name -> !authenticator.mayKnow(name) && !RobotName.isReserved(name))
            .toList();
    if (authenticator.required() && !unknown.isEmpty()) {
      logger.warn("access names who cannot sign in: {}", String.join(", ", unknown));
    }
  }

  private static Optional<Tls> tls(ServerSettings settings, MeterRegistry meters)
      throws StartupException {
    return settings.tls().isPresent()
        ? Optional.of(new Tls(settings.tls().get(), new SourceMetrics(meters, "tls")))
        : Optional.empty();
  }

  /** Who may come in; refuses files that cannot be used. */
  private static Authenticator authenticator(
      ServerSettings settings, Optional<Registry> registry, MeterRegistry meters)
      throws StartupException {
    try {
      return Authenticator.of(
          settings.signIn(), settings.tls().flatMap(TlsFiles::clients), registry, meters);
    } catch (IOException e) {
      throw new StartupException(e.getMessage(), e);
    }
  }

  /**
   * Checks settings as far as that is possible without starting anything.
   *
   * @throws StartupException as {@link #start} would
   */
  public static void check(ServerSettings settings) throws StartupException {
    checkExposure(settings);
    authenticator(settings, Optional.empty(), new SimpleMeterRegistry()).close();
    if (settings.tls().isPresent()) {
      TlsFiles.Read _ = settings.tls().get().read(Instant.now());
    }
  }

  /**
   * Checks whether the address of settings can be listened on now, before a database is made for a
   * server that cannot.
   *
   * @throws StartupException if it cannot
   */
  public static void checkAddress(ServerSettings settings) throws StartupException {
    try (ServerSocket socket = new ServerSocket()) {
      // As Jetty does, so that connections of a server that just ended do not matter.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(settings.listen().host(), settings.listen().port()));
    } catch (IOException e) {
      throw new StartupException(
          "cannot listen on "
              + settings.listen()
              + ": "
              + e.getMessage()
              + "; free the port or choose another with --listen",
          e);
    }
  }

  private static void configure(
      JavalinConfig config,
      ServerSettings settings,
      Optional<Tls> tls,
      RequestDispatcher dispatcher) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.concurrency.useVirtualThreads = true;
    config.http.compressionStrategy = CompressionStrategy.NONE;
    config.jetty.modifyServer(server -> configure(server, settings));
    config.jetty.modifyServletContextHandler(
        context -> {
          context.setErrorHandler(new ProtocolErrors());
          // Otherwise an empty path is redirected to one that means another host.
          context.setAllowNullPathInContext(true);
        });
    config.jetty.modifyHttpConfiguration(http -> configure(http, settings));
    config.jetty.addConnector((server, http) -> connector(server, http, settings, tls));
    if (hasLocalConnector(settings)) {
      config.jetty.addConnector((server, http) -> local(server, http, settings));
    }
    // Everything is answered here, whatever its method: our own router reads the raw path, in which
    // an encoded slash is not a separator.
    config.routes.before(
        context -> {
          dispatcher.dispatch(context.req(), context.res());
          context.skipRemainingHandlers();
        });
  }

  private static void configure(Server server, ServerSettings settings) {
    server.insertHandler(new GracefulHandler());
    server.setErrorHandler(new ProtocolErrors());
    server.setStopTimeout(settings.limits().drainTime().toMillis());
  }

  private static ServerConnector connector(
      Server server, HttpConfiguration http, ServerSettings settings, Optional<Tls> tls) {
    ServerConnector connector =
        tls.isPresent()
            ? new ServerConnector(server, overTls(http, tls.get()))
            : new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost(settings.listen().host());
    connector.setPort(settings.listen().port());
    // Not of commands of this machine, which are wanted most when there are too many others.
    connector.addBean(
        new NetworkConnectionLimit(
            Math.min(settings.limits().maxConnections(), mostConnections()), connector));
    return limited(connector, settings);
  }

  /** HTTP/2 for clients that ask for it, and HTTP/1.1. */
  private static ConnectionFactory[] overTls(HttpConfiguration http, Tls tls) {
    HttpConfiguration secure = new HttpConfiguration(http);
    // Clients say names that the certificate does not have: addresses, and those behind a proxy.
    secure.addCustomizer(new SecureRequestCustomizer(false));
    ALPNServerConnectionFactory alpn = new ALPNServerConnectionFactory();
    alpn.setDefaultProtocol(HttpVersion.HTTP_1_1.asString());
    return new ConnectionFactory[] {
      new SslConnectionFactory(tls.factory(), alpn.getProtocol()),
      alpn,
      new HTTP2ServerConnectionFactory(secure),
      new HttpConnectionFactory(secure)
    };
  }

  /**
   * Whether commands of this machine have a port of their own: they know no certificate, and must
   * not be taken for a proxy that is on this machine, too.
   */
  private static boolean hasLocalConnector(ServerSettings settings) {
    return settings.local().isPresent()
        && (settings.tls().isPresent() || !settings.proxies().networks().isEmpty());
  }

  /** For commands of this machine: over loopback, without TLS. */
  private static ServerConnector local(
      Server server, HttpConfiguration http, ServerSettings settings) {
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setName(RequestDispatcher.LOCAL);
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    return limited(connector, settings);
  }

  /** Half of the files that the process may open: the stores and the database need some, too. */
  private static int mostConnections() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? Math.clamp(unix.getMaxFileDescriptorCount() / 2, 10, Integer.MAX_VALUE)
        : Integer.MAX_VALUE;
  }

  private static ServerConnector limited(ServerConnector connector, ServerSettings settings) {
    connector.addBean(
        new FirstRequestDeadline(
            connector.getScheduler(),
            FIRST_REQUEST.compareTo(settings.limits().idleTimeout()) < 0
                ? FIRST_REQUEST
                : settings.limits().idleTimeout()));
    // Not HttpConfiguration's, which is put back when a request completes: one that completed just
    // after a stop began would undo the stop's short timeout, and hold it up for the drain time.
    connector.setIdleTimeout(settings.limits().idleTimeout().toMillis());
    // Jetty's own second would cut off an upload that pauses while the server stops.
    connector.setShutdownIdleTimeout(PAUSE_WHILE_STOPPING.toMillis());
    return connector;
  }

  private static void configure(HttpConfiguration http, ServerSettings settings) {
    // Malformed paths are refused by the router, in the specification's form.
    http.setUriCompliance(UriCompliance.UNSAFE);
    http.setSendServerVersion(false);
    // No tree of the headers of a connection's earlier requests, to find them again: for a token it
    // costs more time than to read it, 100 KiB a connection, and it takes a credential, or a name,
    // for an earlier one that differs only in case.
    http.setHeaderCacheSize(0);
    http.setInputBufferSize(64 << 10);
    http.setOutputBufferSize(64 << 10);
    http.setRequestHeaderSize(Math.toIntExact(settings.limits().maxHeaderSize().bytes()));
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }

  /** The port that it listens on. */
  public int port() {
    return connector(0).getLocalPort();
  }

  /** Where it listens, with the port that was taken. */
  public ListenAddress address() {
    return settings.listen().withPort(port());
  }

  /** Where it is reached. */
  public URI url() {
    return URI.create((tls.isPresent() ? "https://" : "http://") + address());
  }

  /** Where commands of this machine reach it; empty if it is not known to be on this machine. */
  public Optional<URI> localUrl() {
    return hasLocalConnector(settings)
        ? Optional.of(URI.create("http://127.0.0.1:" + connector(1).getLocalPort()))
        : address().onThisMachine().map(there -> URI.create("http://" + there));
  }

  /** The versions of TLS that it speaks; none without it. */
  Set<String> tlsVersions() {
    return tls.map(used -> Set.of(used.factory().getSelectedProtocols())).orElse(Set.of());
  }

  private ServerConnector connector(int number) {
    return (ServerConnector) javalin.jettyServer().server().getConnectors()[number];
  }

  /**
   * Stops: takes no new connections or requests, ends live streams, lets the requests in flight
   * finish for at most the drain time, and returns when all are done or cut off.
   */
  @Override
  public void close() {
    if (!stopping.compareAndSet(false, true)) {
      return;
    }
    try {
      javalin.stop();
    } catch (JavalinException e) {
      if (!(e.getCause() instanceof TimeoutException)) {
        throw e;
      }
      logger.warn(
          "requests that did not finish within {} ms were cut off",
          settings.limits().drainTime().toMillis());
    } finally {
      tls.ifPresent(Tls::close);
      authenticator.close();
      audit.close();
    }
  }
}
