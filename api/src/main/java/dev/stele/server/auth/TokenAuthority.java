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
import dev.stele.event.Identity;
import dev.stele.server.http.TokenScope;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
  private static final String KIND = "kind";
  private static final String VOUCHED_BY = "vouched_by";
  private static final String GROUPS = "groups";
  private static final String CREDENTIAL = "credential";
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
   * @param who got it, until it ends; absent for somebody who did not sign in
   * @param until when it ends
   */
  public record Bearer(Optional<SignedIn> who, TokenScope scope, Instant until) {}

  /** A token, when it was issued and for how long it counts. */
  public record Issued(String token, Instant at, Duration lifetime) {}

  private record Checked(Bearer bearer, Instant from) {
    boolean isOver(Instant now) {
      return now.isAfter(bearer.until().plus(LEEWAY));
    }
  }

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
   * Issues a token, which does not count for longer than what it was got by.
   *
   * @param who gets it; absent for somebody who did not sign in
   * @param scope what it is for, of which they may do all now
   * @throws IllegalArgumentException if that is more than a token can say, or what they signed in
   *     by has ended
   */
  public Issued issue(Optional<SignedIn> who, TokenScope scope) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant end =
        who.flatMap(SignedIn::until)
            .filter(now.plus(LIFETIME)::isAfter)
            .map(until -> until.truncatedTo(ChronoUnit.SECONDS))
            .orElse(now.plus(LIFETIME));
    if (!end.isAfter(now)) {
      throw new IllegalArgumentException("what you sign in by has ended");
    }
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .issuer(ISSUER)
            .audience(ISSUER)
            .issueTime(Date.from(now))
            .notBeforeTime(Date.from(now))
            .expirationTime(Date.from(end))
            .jwtID(UUID.randomUUID().toString())
            .claim(ACCESS, scope.claim());
    who.ifPresent(
        them ->
            claims
                .subject(them.identity().name())
                .claim(KIND, them.identity().kind().name())
                .claim(VOUCHED_BY, them.identity().issuer().orElse(null))
                .claim(GROUPS, them.groups().isEmpty() ? null : List.copyOf(them.groups()))
                .claim(CREDENTIAL, them.credential().orElse(null)));
    SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims.build());
    try {
      token.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("a token cannot be signed", e);
    }
    String text = token.serialize();
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException("too much for one token: ask for fewer scopes");
    }
    return new Issued(text, now, Duration.between(now, end));
  }

  /** What a token says; empty if it is none of ours, or does not count now. */
  public Optional<Bearer> verify(String token) {
    Instant now = clock.instant();
    return checked(token)
        .filter(known -> !now.isBefore(known.from().minus(LEEWAY)) && !known.isOver(now))
        .map(Checked::bearer);
  }

  /** Whether a token is one of ours that counted until it expired. */
  public boolean hasExpired(String token) {
    return checked(token).filter(known -> known.isOver(clock.instant())).isPresent();
  }

  private Optional<Checked> checked(String token) {
    if (token.length() > LONGEST) {
      return Optional.empty();
    }
    Optional<Checked> known = Optional.ofNullable(checked.getIfPresent(token));
    if (known.isPresent()) {
      return known;
    }
    Optional<Checked> found = check(token);
    found.ifPresent(right -> checked.put(token, right));
    return found;
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
      Instant until = claims.getExpirationTime().toInstant();
      return Optional.of(
          new Checked(
              new Bearer(who(claims, until), TokenScope.ofClaim(claims.getClaim(ACCESS)), until),
              claims.getNotBeforeTime().toInstant()));
    } catch (ParseException | JOSEException | IllegalArgumentException e) {
      return Optional.empty(); // Whatever it is, it is no token of ours.
    }
  }

  private static Optional<SignedIn> who(JWTClaimsSet claims, Instant until) throws ParseException {
    if (claims.getSubject() == null) {
      return Optional.empty();
    }
    String kind = claims.getStringClaim(KIND);
    List<String> groups = claims.getStringListClaim(GROUPS);
    if (kind == null) {
      throw new IllegalArgumentException("it was issued by an earlier version");
    }
    return Optional.of(
        new SignedIn(
            new Identity(
                claims.getSubject(),
                Identity.Kind.valueOf(kind),
                Optional.ofNullable(claims.getStringClaim(VOUCHED_BY))),
            groups == null ? Set.of() : Set.copyOf(groups),
            Optional.ofNullable(claims.getStringClaim(CREDENTIAL)),
            Optional.of(until)));
  }
}
