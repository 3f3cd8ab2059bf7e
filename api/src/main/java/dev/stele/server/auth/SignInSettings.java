package dev.stele.server.auth;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Who vouches for users, beside what TLS does.
 *
 * @param htpasswd the file with users and bcrypt hashes
 * @param oidc issuers of tokens
 */
public record SignInSettings(Optional<Path> htpasswd, List<OidcSettings> oidc) {
  /** Nobody: everybody is anonymous. */
  public static final SignInSettings NONE = new SignInSettings(Optional.empty(), List.of());

  public SignInSettings {
    oidc = List.copyOf(oidc);
  }

  /** The same with an htpasswd file. */
  public SignInSettings withHtpasswd(Optional<Path> file) {
    return new SignInSettings(file, oidc);
  }

  /** Whether somebody does. */
  public boolean isPresent() {
    return htpasswd.isPresent() || !oidc.isEmpty();
  }
}
