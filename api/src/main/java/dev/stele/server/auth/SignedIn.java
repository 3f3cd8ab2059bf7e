package dev.stele.server.auth;

import dev.stele.event.Identity;
import dev.stele.event.RobotName;
import dev.stele.policy.AccessPolicy.Principal;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * Somebody who proved who they are.
 *
 * @param identity as the record and the access policy know them
 * @param groups that whoever vouches for them says they are in
 * @param credential the id of what they proved it by, such as that of a certificate; never a secret
 * @param until when that counts; absent: for as long as whoever vouches for them does
 */
public record SignedIn(
    Identity identity, Set<String> groups, Optional<String> credential, Optional<Instant> until) {
  /** The longest name, in characters. */
  public static final int LONGEST_NAME = 256;

  private static final int LONGEST_CREDENTIAL = 128;

  public SignedIn {
    groups = Set.copyOf(groups);
    credential =
        credential.map(
            id -> id.length() > LONGEST_CREDENTIAL ? id.substring(0, LONGEST_CREDENTIAL) : id);
  }

  /** A user of this registry. */
  static SignedIn user(String name) {
    return new SignedIn(Identity.user(name), Set.of(), Optional.empty(), Optional.empty());
  }

  /** The id of the session whose token a credential is; empty if it is another. */
  public static Optional<String> session(String credential) {
    return SessionTokens.session(credential);
  }

  /** As the access policy sees them. */
  public Principal principal() {
    return new Principal(Optional.of(identity.name()), groups, false);
  }

  /** Whether a text can be a user's name: no robot's, nor one that another vouches for. */
  static boolean isUserName(String text) {
    return isName(text)
        && text.indexOf(':') < 0
        && !text.equals(Identity.NOBODY.name())
        && !RobotName.isReserved(text);
  }

  /**
   * Whether a text can be a name, or that of a group: not blank, nor too long, of one line, and so
   * that two which differ look different.
   */
  static boolean isName(String text) {
    return !text.isBlank()
        && text.equals(text.strip())
        && text.length() <= LONGEST_NAME
        && text.codePoints().noneMatch(SignedIn::isUnseen);
  }

  /** Half a character is none: written down, it would become a question mark, as others do. */
  private static boolean isUnseen(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      case Character.SPACE_SEPARATOR -> c != ' ';
      default -> false;
    };
  }
}
