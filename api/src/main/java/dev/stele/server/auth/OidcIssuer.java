package dev.stele.server.auth;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.source.JWKSetBasedJWKSource;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.jwt.proc.ExpiredJWTException;
import dev.stele.event.Identity;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;

/**
 * Vouches for whoever has a token that an OpenID Connect issuer signed, such as a job of a CI
 * system or a service account of Kubernetes.
 *
 * <p>What a token's header says of keys, beside the id of one, counts for nothing: the keys are
 * those of the issuer. They are remembered for {@link #REMEMBERED}, and asked for again a minute
 * before that ends, beside the requests; and by a token with an unknown key, twice within {@link
 * #INTERVAL} at most. While the issuer is away the last ones count for {@link #OUTAGE}. Whoever has
 * a token of this issuer waits for its answer, and nobody else. People who {@linkplain #signIn sign
 * in} there get a token by which this registry alone learns who they are. Thread-safe.
 */
final class OidcIssuer implements IdentityProvider {
  private static final int LONGEST = 16_384;
  private static final Duration REMEMBERED = Duration.ofMinutes(5);
  private static final Duration AHEAD = Duration.ofMinutes(1);
  private static final Duration INTERVAL = Duration.ofSeconds(30);
  private static final Duration OUTAGE = Duration.ofHours(4);
  private static final int MOST_GROUPS = 1_000;

  /** None by which whoever can check a token could make one. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private final OidcSettings settings;
  private final SourceMetrics metrics;
  private final JWKSource<SecurityContext> keys;
  private final Optional<IssuerClient> client;
  private final DefaultJWTProcessor<SecurityContext> processor;

  /**
   * @param metrics is told whether the issuer could be asked
   * @throws IOException if a file that the settings name cannot be used; the message is fit for
   *     people
   */
  OidcIssuer(OidcSettings settings, SourceMetrics metrics) throws IOException {
    this.settings = settings;
    this.metrics = metrics;
    this.client =
        settings.keys().isPresent() ? Optional.empty() : Optional.of(new IssuerClient(settings));
    this.keys =
        client.isEmpty()
            ? new JWKSetBasedJWKSource<>(
                new FileKeys(
                    settings.section() + ".jwks-file", settings.keys().orElseThrow(), metrics))
            : JWKSourceBuilder.create(new RemoteKeys(settings, client.get(), metrics))
                .cache(REMEMBERED.toMillis(), RemoteKeys.DEADLINE.multipliedBy(2).toMillis())
                .refreshAheadCache(
                    AHEAD.toMillis(),
                    null,
                    Executors.newVirtualThreadPerTaskExecutor(),
                    true,
                    null,
                    false)
                .rateLimited(INTERVAL.toMillis())
                .outageTolerant(OUTAGE.toMillis())
                .build();
    this.processor = processor(settings.audiences(), Set.of("exp"));
  }

  private DefaultJWTProcessor<SecurityContext> processor(
      Set<String> audiences, Set<String> required) {
    DefaultJWTClaimsVerifier<SecurityContext> verifier =
        new DefaultJWTClaimsVerifier<>(
            audiences,
            new JWTClaimsSet.Builder().issuer(settings.issuer()).build(),
            required,
            null);
    verifier.setMaxClockSkew(Math.toIntExact(settings.leeway().toSeconds()));
    DefaultJWTProcessor<SecurityContext> checking = new DefaultJWTProcessor<>();
    checking.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
    checking.setJWTClaimsSetVerifier(verifier);
    return checking;
  }

  /**
   * The way by which people sign in here; empty if they cannot.
   *
   * @param secret that all nodes have
   */
  Optional<OidcSignIn> signIn(ServerKey secret) {
    return settings
        .client()
        .map(
            self -> {
              // As OpenID Connect Core has it of ID tokens.
              DefaultJWTProcessor<SecurityContext> idTokens =
                  processor(Set.of(self.id()), Set.of("exp", "iat", "sub"));
              return new OidcSignIn(
                  settings,
                  self,
                  client.orElseThrow(),
                  metrics,
                  (token, nonce) -> judgeIdToken(idTokens, self, token, nonce),
                  secret);
            });
  }

  private Verdict judgeIdToken(
      DefaultJWTProcessor<SecurityContext> idTokens,
      OidcSettings.Client self,
      String text,
      Optional<String> nonce) {
    if (text.length() > LONGEST) {
      return new Verdict.Refused(
          Verdict.Reason.TOKEN_INVALID, section() + ": its ID token is too long");
    }
    return judge(
        () -> {
          JWTClaimsSet claims = idTokens.process(SignedJWT.parse(text), null);
          Object party = claims.getClaim("azp");
          if (party != null && !self.id().equals(party)) {
            throw new BadJOSEException("the ID token was issued to another client");
          }
          if (nonce.isPresent() && !nonce.get().equals(claims.getClaim("nonce"))) {
            throw new BadJOSEException("the ID token is that of another sign-in");
          }
          return judge(claims, text);
        });
  }

  /** A judgement, which may need keys. */
  @FunctionalInterface
  private interface Judging {
    Verdict judge() throws BadJOSEException, JOSEException, ParseException;
  }

  @Override
  public String section() {
    return settings.section();
  }

  @Override
  public String means() {
    if (settings.audiences().isEmpty()) {
      return SessionTokens.MEANS;
    }
    return "a token of another issuer, as Bearer or as the password of the user "
        + Credential.TOKEN_USER;
  }

  @Override
  public Optional<Verdict> judge(Credential credential) {
    if (!(credential instanceof Credential.Token(String text)) || text.length() > LONGEST) {
      return Optional.empty();
    }
    SignedJWT token;
    JWTClaimsSet claimed;
    try {
      token = SignedJWT.parse(text);
      claimed = token.getJWTClaimsSet();
    } catch (ParseException e) {
      return Optional.empty();
    }
    // Not known to be true yet, but whose it is to judge. Of one issuer, several sections can be
    // about different audiences.
    return settings.issuer().equals(claimed.getIssuer())
            && claimed.getAudience().stream().anyMatch(settings.audiences()::contains)
        ? Optional.of(judge(() -> judge(processor.process(token, null), text)))
        : Optional.empty();
  }

  private Verdict judge(Judging judging) {
    try {
      return judging.judge();
    } catch (KeySourceException e) {
      if (e instanceof RateLimitReachedException && hasKeys()) {
        return new Verdict.Refused(
            Verdict.Reason.TOKEN_INVALID, section() + ": it is signed by a key that is not known");
      }
      throw new DistributionError(
              503,
              ErrorCode.UNAVAILABLE,
              "the keys by which this token could be judged cannot be had now")
          .with("Retry-After", Long.toString(INTERVAL.toSeconds()))
          .asException();
    } catch (BadJOSEException | JOSEException | ParseException e) {
      return new Verdict.Refused(
          e instanceof ExpiredJWTException
              ? Verdict.Reason.TOKEN_EXPIRED
              : Verdict.Reason.TOKEN_INVALID,
          section() + ": " + e.getMessage());
    }
  }

  /** Whether there are keys of the issuer's, so that one which is not among them is nobody's. */
  private boolean hasKeys() {
    try {
      return !keys.get(new JWKSelector(new JWKMatcher.Builder().build()), null).isEmpty();
    } catch (KeySourceException e) {
      return false;
    }
  }

  /** What follows from claims that are true. */
  private Verdict judge(JWTClaimsSet claims, String text) {
    Map<String, Object> said = claims.getClaims();
    for (Map.Entry<String, String> must : settings.required().entrySet()) {
      if (ClaimTemplate.text(said.get(must.getKey())).filter(must.getValue()::equals).isEmpty()) {
        return new Verdict.Refused(
            Verdict.Reason.TOKEN_INVALID,
            "%s: %s is not %s".formatted(section(), must.getKey(), must.getValue()));
      }
    }
    Optional<String> user = settings.user().fill(said).filter(SignedIn::isName).map(this::prefixed);
    if (user.filter(SignedIn::isName).isEmpty()) {
      return new Verdict.Refused(
          Verdict.Reason.NO_NAME,
          "%s: the claims of %s are missing, or make no name"
              .formatted(section(), settings.user()));
    }
    Set<String> groups = new HashSet<>();
    for (ClaimTemplate template : settings.groups()) {
      List<String> in = template.fillAll(said);
      if (in.size() > MOST_GROUPS) {
        return new Verdict.Refused(
            Verdict.Reason.TOO_MANY_GROUPS,
            "%s: it names more than %d groups".formatted(section(), MOST_GROUPS));
      }
      in.stream().filter(SignedIn::isName).map(this::prefixed).forEach(groups::add);
    }
    return new Verdict.Accepted(
        new SignedIn(
            new Identity(user.get(), settings.kind(), Optional.of(settings.name())),
            groups,
            Optional.of(
                claims.getJWTID() == null || SessionTokens.isId(claims.getJWTID())
                    ? fingerprint(text)
                    : claims.getJWTID()),
            Optional.of(claims.getExpirationTime().toInstant())));
  }

  private String prefixed(String name) {
    return settings.name() + ":" + name;
  }

  private static String fingerprint(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(token.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public boolean vouchesFor(Identity identity, Optional<String> credential) {
    return identity.kind() == settings.kind()
        && credential.filter(SessionTokens::isId).isEmpty()
        && identity.issuer().equals(Optional.of(settings.name()));
  }

  @Override
  public Optional<Boolean> knows(String called) {
    return called.startsWith(settings.name() + ":") ? Optional.empty() : Optional.of(false);
  }

  @Override
  public void close() {
    if (keys instanceof Closeable closeable) {
      try {
        closeable.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
