package dev.stele.server.auth;

import dev.stele.event.Identity;
import dev.stele.projection.Session;
import dev.stele.registry.Sessions;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;

/**
 * Lets people go on who signed in, until their session expires or ends. What ends at one node ends
 * at all, at once. Thread-safe.
 */
final class SessionTokens implements IdentityProvider {
  static final String MEANS =
      "a session, which begins at /login/<issuer>, or by stele login --oidc <issuer>";

  /** What ids of sessions begin with where those of other credentials stand, too. */
  private static final String PREFIX = "session:";

  private final Sessions sessions;
  private final Set<String> issuers;
  private final InstantSource clock;

  /**
   * @param issuers the names of those by whom people sign in: sessions by others do not count
   * @param clock by which sessions expire
   */
  SessionTokens(Sessions sessions, Set<String> issuers, InstantSource clock) {
    this.sessions = sessions;
    this.issuers = Set.copyOf(issuers);
    this.clock = clock;
  }

  /** As the record calls the credential that the token of a session is. */
  static String credential(String session) {
    return PREFIX + session;
  }

  /** Whether a credential is the token of a session. */
  static boolean isId(String credential) {
    return credential.startsWith(PREFIX);
  }

  /** The id of the session whose token a credential is; empty if it is another. */
  static Optional<String> session(String credential) {
    return isId(credential) ? Optional.of(credential.substring(PREFIX.length())) : Optional.empty();
  }

  @Override
  public String section() {
    return "sessions";
  }

  @Override
  public String means() {
    return MEANS;
  }

  @Override
  public boolean isQuick() {
    return true;
  }

  /**
   * {@inheritDoc}
   *
   * @throws dev.stele.registry.RegistryUnavailableException if the database is away
   */
  @Override
  public Optional<Verdict> judge(Credential credential) {
    if (!(credential instanceof Credential.Session(var token))) {
      return Optional.empty();
    }
    Optional<Session> there = sessions.of(token);
    Optional<Identity> who = there.flatMap(this::whose);
    if (who.isEmpty()) {
      return Optional.of(new Verdict.Refused(Verdict.Reason.NO_SESSION));
    }
    Session session = there.get();
    return Optional.of(
        session.countsAt(clock.instant())
            ? new Verdict.Accepted(
                new SignedIn(
                    who.get(),
                    Set.copyOf(session.groups()),
                    Optional.of(credential(session.id())),
                    Optional.of(session.expires())))
            : new Verdict.Ended(
                Verdict.Reason.SESSION_EXPIRED,
                "your session expired at %s: sign in again".formatted(session.expires())));
  }

  private Optional<Identity> whose(Session session) {
    return session
        .identity()
        .filter(identity -> identity.issuer().filter(issuers::contains).isPresent());
  }

  /** By the same session: another may have ended. */
  @Override
  public boolean vouchesFor(Identity identity, Optional<String> credential) {
    return credential
        .flatMap(SessionTokens::session)
        .flatMap(sessions::find)
        .filter(session -> session.countsAt(clock.instant()))
        .flatMap(this::whose)
        .filter(identity::equals)
        .isPresent();
  }

  @Override
  public Optional<Boolean> knows(String name) {
    return Optional.of(false); // The issuer of the same section tells.
  }
}
