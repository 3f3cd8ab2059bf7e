package dev.stele.server.auth;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.stele.registry.SessionToken;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.text.ParseException;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a request has to prove who sent it. No text of one shows a secret. */
public sealed interface Credential {
  /** The user name by which a token is sent as a password, by clients that send nothing else. */
  String TOKEN_USER = "oidc";

  /** Who the sender says it is, true or not. */
  Optional<String> claimed();

  /** A name and a password, by HTTP Basic. */
  record Password(String user, String password) implements Credential {
    static final String MEANS = "a user name and its password";

    @Override
    public Optional<String> claimed() {
      return Optional.of(user);
    }

    @Override
    public String toString() {
      return "password of " + user;
    }
  }

  /** A token that somebody else issued. */
  record Token(String text) implements Credential {
    @Override
    public Optional<String> claimed() {
      try {
        JWTClaimsSet claims = SignedJWT.parse(text).getJWTClaimsSet();
        return Optional.of(
            "%s of %s for %s"
                .formatted(claims.getSubject(), claims.getIssuer(), claims.getAudience()));
      } catch (ParseException e) {
        return Optional.empty();
      }
    }

    @Override
    public String toString() {
      return "token";
    }
  }

  /** The token of a session of this registry. */
  record Session(SessionToken token) implements Credential {
    @Override
    public Optional<String> claimed() {
      return Optional.of(SessionTokens.credential(token.id()));
    }

    @Override
    public String toString() {
      return "session " + token.id();
    }
  }

  /** A certificate whose key the sender has, and which was found valid. */
  record Certificate(X509Certificate certificate) implements Credential {
    @Override
    public Optional<String> claimed() {
      return Optional.of(certificate.getSubjectX500Principal().getName());
    }

    @Override
    public String toString() {
      return "certificate of " + certificate.getSubjectX500Principal().getName();
    }
  }

  /** Reads the header {@code Authorization}; empty if it is neither Basic nor Bearer. */
  static Optional<Credential> parse(String authorization) {
    if (authorization.length() > Header.LONGEST) {
      return Optional.empty();
    }
    if (LocalCredential.isBearer(authorization)) {
      String text = LocalCredential.token(authorization);
      return session(text).or(() -> Optional.of(new Token(text)));
    }
    if (!authorization.toLowerCase(Locale.ROOT).startsWith(Header.BASIC)) {
      return Optional.empty();
    }
    String decoded;
    try {
      byte[] bytes =
          Base64.getDecoder().decode(authorization.substring(Header.BASIC.length()).strip());
      decoded = new String(bytes, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    int colon = decoded.indexOf(':');
    // RFC 7617 knows no control characters; bcrypt would take "a", NUL and "a" for "a".
    if (colon <= 0 || decoded.chars().anyMatch(Character::isISOControl)) {
      return Optional.empty();
    }
    String user = decoded.substring(0, colon);
    String password = decoded.substring(colon + 1);
    if (user.equals(TOKEN_USER)) {
      Optional<Credential> session = session(password);
      if (session.isPresent() || Header.JWT.matcher(password).matches()) {
        return session.or(() -> Optional.of(new Token(password)));
      }
    }
    return Optional.of(new Password(user, password));
  }

  /** The token of a session that a text is; empty if it is none. */
  static Optional<Credential> session(String text) {
    return SessionToken.parse(text).map(Session::new);
  }

  /** How credentials stand in a header. */
  final class Header {
    /** In characters, of which a token in Basic takes a third more than its own. */
    private static final int LONGEST = 24_576;

    private static final String BASIC = "basic ";
    private static final Pattern JWT =
        Pattern.compile("eyJ[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*");

    private Header() {}
  }
}
