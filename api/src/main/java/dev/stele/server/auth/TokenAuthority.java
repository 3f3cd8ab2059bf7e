package dev.stele.server.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.KeyLengthException;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.stele.server.http.TokenScope;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.Optional;
import java.util.UUID;

/**
 * Issues and checks short-lived tokens (JWT, HS256), by which a client does not send its password
 * with every request, and one who did not sign in can be told from one who must. All nodes over a
 * database accept each other's. A token says who it is for and what it is for at most; what they
 * may do is decided by the policy at each request. Thread-safe.
 */
public final class TokenAuthority {
  /** How long a token counts. */
  public static final Duration LIFETIME = Duration.ofMinutes(5);

  /** By which the clocks of nodes may differ. */
  private static final Duration LEEWAY = Duration.ofSeconds(30);

  private static final String ISSUER = "stele";
  private static final String ACCESS = "access";
  private static final int LONGEST = 8_192;

  /** In characters of tokens; what they say takes a few times as many bytes. */
  private static final int REMEMBERED = 4 << 20;

  private final MACSigner signer;
  private final MACVerifier verifier;
  private final InstantSource clock;

  /** Tokens whose signature was found right. */
  private final Cache<String, Checked> checked =
      Caffeine.newBuilder()
          .maximumWeight(REMEMBERED)
          .<String, Checked>weigher((token, _) -> token.length())
          .expireAfterWrite(LIFETIME)
          .build();

  /**
   * What a token says.
   *
   * @param user absent for somebody who did not sign in
   * @param until when it ends
   */
  public record Bearer(Optional<String> user, TokenScope scope, Instant until) {}

  /** A token, when it was issued and for how long it counts. */
  public record Issued(String token, Instant at, Duration lifetime) {}

  private record Checked(Bearer bearer, Instant from) {}

  /**
   * An authority.
   *
   * @param secret that all nodes have
   */
  public TokenAuthority(ServerKey secret, InstantSource clock) {
    byte[] key = secret.derive("tokens");
    try {
      this.signer = new MACSigner(key);
      this.verifier = new MACVerifier(key);
    } catch (KeyLengthException e) {
      throw new IllegalStateException("a derived key has 256 bits", e);
    } catch (JOSEException e) {
      throw new IllegalStateException("every JDK has HMAC with SHA-256", e);
    }
    this.clock = clock;
  }

  /**
   * Issues a token.
   *
   * @param scope what it is for, of which they may do all now
   * @throws IllegalArgumentException if that is more than a token can say
   */
  public Issued issue(Optional<String> user, TokenScope scope) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .issuer(ISSUER)
            .audience(ISSUER)
            .subject(user.orElse(null))
            .issueTime(Date.from(now))
            .notBeforeTime(Date.from(now))
            .expirationTime(Date.from(now.plus(LIFETIME)))
            .jwtID(UUID.randomUUID().toString())
            .claim(ACCESS, scope.claim())
            .build();
    SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
    try {
      token.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("a token cannot be signed", e);
    }
    String text = token.serialize();
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException("too much for one token: ask for fewer scopes");
    }
    return new Issued(text, now, LIFETIME);
  }

  /** What a token says; empty if it is none of ours, or does not count now. */
  public Optional<Bearer> verify(String token) {
    if (token.length() > LONGEST) {
      return Optional.empty();
    }
    Checked known = checked.getIfPresent(token);
    if (known == null) {
      Optional<Checked> found = check(token);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      known = found.get();
      checked.put(token, known);
    }
    Instant now = clock.instant();
    return now.isBefore(known.from().minus(LEEWAY))
            || now.isAfter(known.bearer().until().plus(LEEWAY))
        ? Optional.empty()
        : Optional.of(known.bearer());
  }

  private Optional<Checked> check(String token) {
    try {
      SignedJWT parsed = SignedJWT.parse(token);
      // What the header says of the algorithm is not trusted: there is one.
      if (!JWSAlgorithm.HS256.equals(parsed.getHeader().getAlgorithm())
          || !parsed.verify(verifier)) {
        return Optional.empty();
      }
      JWTClaimsSet claims = parsed.getJWTClaimsSet();
      if (!ISSUER.equals(claims.getIssuer())
          || !claims.getAudience().contains(ISSUER)
          || claims.getNotBeforeTime() == null
          || claims.getExpirationTime() == null) {
        return Optional.empty();
      }
      return Optional.of(
          new Checked(
              new Bearer(
                  Optional.ofNullable(claims.getSubject()),
                  TokenScope.ofClaim(claims.getClaim(ACCESS)),
                  claims.getExpirationTime().toInstant()),
              claims.getNotBeforeTime().toInstant()));
    } catch (ParseException | JOSEException | IllegalArgumentException e) {
      return Optional.empty(); // Whatever it is, it is no token of ours.
    }
  }
}
