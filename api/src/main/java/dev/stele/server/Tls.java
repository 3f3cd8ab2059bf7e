package dev.stele.server;

import dev.stele.log.RepeatedWarning;
import dev.stele.server.auth.FileAccess;
import dev.stele.server.auth.SourceMetrics;
import java.io.IOException;
import java.security.cert.CRL;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.3 and 1.2 by the files of a configuration, which are read again when they change: for
 * connections that begin after that. While they cannot be used, what was read last stays in force,
 * and the log says so. Thread-safe.
 */
final class Tls implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Tls.class);
  private static final Duration CHECK = Duration.ofSeconds(2);

  private final RepeatedWarning failures = new RepeatedWarning(logger);
  private final TlsFiles files;
  private final SourceMetrics metrics;
  private final Factory factory = new Factory();
  private TlsFiles.Version version;
  private volatile TlsFiles.Read inForce;
  private final Thread watching;

  /**
   * Reads the files.
   *
   * @param metrics is told whether they could be read again
   * @throws StartupException if they cannot be used
   */
  Tls(TlsFiles files, SourceMetrics metrics) throws StartupException {
    this.metrics = metrics;
    this.files = files;
    try {
      this.version = files.version();
    } catch (IOException e) {
      // Reading them says what is wrong.
      this.version = null;
    }
    FileAccess.warnIfOthersCanRead("tls.key", files.key());
    this.inForce = files.read(Instant.now());
    factory.use(inForce);
    metrics.succeeded();
    alarm().ifPresent(logger::warn);
    files
        .clients()
        .ifPresent(
            clients -> {
              factory.setWantClientAuth(!clients.required());
              factory.setNeedClientAuth(clients.required());
              factory.setValidatePeerCerts(clients.revoked().isPresent());
            });
    factory.setKeyStorePassword(new String(TlsFiles.PASSWORD));
    factory.setIncludeProtocols("TLSv1.3", "TLSv1.2");
    factory.setRenegotiationAllowed(false);
    this.watching = Thread.ofVirtual().name("certificate").start(this::watch);
  }

  /** Takes what was read, so that Jetty reads no file of which nobody said what is wrong. */
  private static final class Factory extends SslContextFactory.Server {
    private volatile List<X509CRL> revoked = List.of();

    void use(TlsFiles.Read read) {
      setKeyStore(read.own());
      read.authorities().ifPresent(this::setTrustStore);
      revoked = read.revoked();
    }

    @Override
    protected Collection<? extends CRL> loadCRL(String path) {
      return revoked;
    }
  }

  SslContextFactory.Server factory() {
    return factory;
  }

  /** What an operator must see to before clients are refused; empty while there is nothing. */
  Optional<String> alarm() {
    Instant now = Instant.now();
    return inForce.ends().stream()
        .filter(end -> !now.isBefore(end.due()))
        .map(TlsFiles.End::words)
        .findFirst();
  }

  private void watch() {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        Thread.sleep(CHECK);
      } catch (InterruptedException e) {
        return;
      }
      try {
        TlsFiles.Version now = files.version();
        if (!now.equals(version) && reload()) {
          version = now;
        }
      } catch (IOException e) {
        metrics.failed();
        failures.warn(
            String.valueOf(e.getMessage()),
            "what is in force stays, since a file of TLS cannot be looked at: " + e);
      }
    }
  }

  /** What fails is tried again: it may have been that the files could not be read yet. */
  private boolean reload() {
    try {
      TlsFiles.Read read = files.read(Instant.now());
      factory.reload(_ -> factory.use(read));
      inForce = read;
      metrics.succeeded();
      logger.info("read {} again", files.certificate());
      alarm().ifPresent(logger::warn);
      return true;
    } catch (Exception e) {
      metrics.failed();
      failures.warn(
          String.valueOf(e.getMessage()), "the certificate stays as it was: " + e.getMessage());
      return false;
    }
  }

  @Override
  public void close() {
    watching.interrupt();
  }
}
