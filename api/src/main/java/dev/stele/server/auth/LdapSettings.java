package dev.stele.server.auth;

import com.unboundid.ldap.sdk.DN;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A directory that knows users and their passwords, by LDAP.
 *
 * @param name of the section of the configuration, with which the names of its groups begin
 * @param server where it is asked
 * @param transport how what is sent to it is protected
 * @param authorities PEM: those that are trusted about it; absent: those that the JDK trusts
 * @param bind as whom it is searched; absent: as nobody
 * @param userBase below which users are
 * @param userFilter which of those has the name that somebody signs in by
 * @param userName the attribute that has the name by which a user is known
 * @param groups how the groups of a user are found; absent: none are
 * @param timeout how long each of its answers may take
 * @param connections the most at once
 */
public record LdapSettings(
    String name,
    Server server,
    Transport transport,
    Optional<Path> authorities,
    Optional<Bind> bind,
    DN userBase,
    LdapFilter userFilter,
    String userName,
    Optional<Groups> groups,
    Duration timeout,
    int connections) {
  /** A host and a port. */
  public record Server(String host, int port) {}

  /** How what is sent is protected. */
  public enum Transport {
    /** From the beginning. */
    TLS,
    /** From before anything secret is sent. */
    START_TLS,
    /** Not at all. */
    PLAIN
  }

  /** A name and a password. */
  public record Bind(DN dn, String password) {
    /** Does not show the password. */
    @Override
    public String toString() {
      return dn.toString();
    }
  }

  /** How groups are found. */
  public sealed interface Groups {
    /** The user has them in an attribute: names, or DNs, of which the first value is the name. */
    record Attribute(String name) implements Groups {}

    /** They are entries below a base, and have their name in {@code cn}. */
    record Search(DN base, LdapFilter filter) implements Groups {}
  }

  /** As errors and the log name it. */
  public String section() {
    return "ldap." + name;
  }
}
