package dev.stele.server.auth;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Who vouches for users, beside what TLS does.
 *
 * @param htpasswd the file with users and bcrypt hashes
 * @param ldap the directory that is asked about other names
 * @param oidc issuers of tokens
 */
public record SignInSettings(
    Optional<Path> htpasswd, Optional<LdapSettings> ldap, List<OidcSettings> oidc) {
  /** Nobody: everybody is anonymous. */
  public static final SignInSettings NONE =
      new SignInSettings(Optional.empty(), Optional.empty(), List.of());

  public SignInSettings {
    oidc = List.copyOf(oidc);
  }

  /** The same with an htpasswd file. */
  public SignInSettings withHtpasswd(Optional<Path> file) {
    return new SignInSettings(file, ldap, oidc);
  }

  /** Whether somebody does. */
  public boolean isPresent() {
    return htpasswd.isPresent() || ldap.isPresent() || !oidc.isEmpty();
  }
}
