package dev.stele.server.auth;

import dev.stele.event.Identity;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An issuer of tokens that say who somebody is, by OpenID Connect.
 *
 * @param name of the section of the configuration, with which the names begin that it vouches for
 * @param issuer what its tokens have as {@code iss}; a URL unless the keys are in a file
 * @param audiences of which a token that is sent here has one as {@code aud} at least; none: no
 *     token is, and people sign in
 * @param keys a file with its public keys (JWKS); absent: what its discovery document names
 * @param authorities PEM: those that are trusted about its host; absent: those that the JDK trusts
 * @param user what the user is called, after the section's name
 * @param groups in which they are, after the section's name
 * @param required claims that a token must have, with their values
 * @param leeway by which its clock may differ
 * @param kind what it vouches for: {@link Identity.Kind#WORKLOAD} or {@link Identity.Kind#USER}
 * @param client as which people are sent there to sign in; absent: they cannot
 */
public record OidcSettings(
    String name,
    String issuer,
    Set<String> audiences,
    Optional<Path> keys,
    Optional<Path> authorities,
    ClaimTemplate user,
    List<ClaimTemplate> groups,
    Map<String, String> required,
    Duration leeway,
    Identity.Kind kind,
    Optional<Client> client) {
  public OidcSettings {
    audiences = Set.copyOf(audiences);
    groups = List.copyOf(groups);
    required = Map.copyOf(required);
  }

  /**
   * What this registry is to an issuer.
   *
   * @param id which the ID tokens have as {@code aud}
   * @param secret absent for a public client
   * @param scopes that are asked for; {@code openid} is among them
   * @param session how long people are signed in
   */
  public record Client(String id, Optional<String> secret, List<String> scopes, Duration session) {
    public Client {
      scopes = List.copyOf(scopes);
    }

    /** Without the secret. */
    @Override
    public String toString() {
      return id;
    }
  }

  /** As errors and the log name it. */
  public String section() {
    return "oidc." + name;
  }

  /**
   * An address that proves who serves it.
   *
   * @throws IllegalArgumentException saying what is wrong, without showing it
   */
  public static URI address(String text) {
    String wrong =
        "must be https://HOST/..., or http:// of this machine, without a user or a fragment";
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(wrong, e);
    }
    String host = String.valueOf(uri.getHost());
    boolean onThisMachine = host.equals("localhost") || host.equals("127.0.0.1");
    if (uri.getHost() == null
        || !("https".equals(uri.getScheme()) || ("http".equals(uri.getScheme()) && onThisMachine))
        || uri.getRawUserInfo() != null
        || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(wrong);
    }
    return uri;
  }
}
