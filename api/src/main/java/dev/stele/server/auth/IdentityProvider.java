package dev.stele.server.auth;

import dev.stele.event.Identity;
import java.io.Closeable;
import java.util.Optional;

/**
 * Vouches for some of those who sign in. Whoever one vouches for can have no name that another
 * vouches for: a name without a colon is a user's; any other begins with what its provider is
 * called, and a colon. Implementations are safe for concurrent use.
 */
interface IdentityProvider extends Closeable {
  /** It is called so in the configuration, such as {@code htpasswd} or {@code ldap.staff}. */
  String section();

  /** What it judges, for whoever did not sign in: "a user name and its password" or the like. */
  String means();

  /**
   * Judges a credential; empty if it is another's to judge. May wait for others, within limits.
   *
   * @throws dev.stele.server.http.RefusedRequestException 429 if too many are being judged, 503 if
   *     that cannot be done now
   */
  Optional<Verdict> judge(Credential credential);

  /**
   * Whether it vouches for somebody for whom it did a while ago.
   *
   * @param credential the id of what they proved it by, if that has one
   */
  boolean vouchesFor(Identity identity, Optional<String> credential);

  /**
   * Whether judging costs next to nothing. Then it is done each time, so that what is revoked ends
   * at once, and what is right is let in however many from there were wrong.
   */
  default boolean isQuick() {
    return false;
  }

  /** Whether somebody of this name may be known to it; empty if it cannot tell. */
  Optional<Boolean> knows(String name);

  /**
   * Something that is equal for as long as what was right stays right, so that it need not be
   * judged again for a while.
   */
  default Object state() {
    return this;
  }

  /** Gives back what it took. */
  @Override
  default void close() {}
}
