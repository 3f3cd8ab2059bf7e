package dev.stele.server.syslog;

import dev.stele.policy.RepositoryGlob;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Where events are sent as syslog messages, and which.
 *
 * @param tls whether by TLS, rather than in clear
 * @param caFile certificates in PEM of who may vouch for the receiver; absent: whom the JDK trusts
 * @param facility of every message, 0 to 23
 * @param types of events; empty for all
 * @param repositories empty for all
 * @param timeout for a connection, and for a message to be written
 * @param fromStart whether a new one begins with the first event of the log
 */
public record SyslogSettings(
    String host,
    int port,
    boolean tls,
    Optional<Path> caFile,
    Format format,
    int facility,
    List<String> types,
    List<RepositoryGlob> repositories,
    Duration timeout,
    boolean fromStart) {
  /** What a message says. */
  public enum Format {
    /** The Open Cybersecurity Schema Framework's. */
    OCSF,
    /** CloudEvents'. */
    CLOUDEVENTS
  }

  public SyslogSettings {
    types = List.copyOf(types);
    repositories = List.copyOf(repositories);
  }

  /** Where messages go, for people. */
  public String address() {
    return "syslog+%s://%s:%d"
        .formatted(tls ? "tls" : "tcp", host.indexOf(':') < 0 ? host : "[" + host + "]", port);
  }
}
