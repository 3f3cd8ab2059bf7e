package dev.stele.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.PlainHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.stele.event.Identity;
import dev.stele.server.http.TokenScope;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TokenAuthorityTest {
  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");
  private static final Instant END = START.plus(TokenAuthority.LIFETIME);
  private static final TokenScope PULL =
      TokenScope.parse(List.of("repository:team/app:pull registry:catalog:*"));

  private final byte[] secret = new byte[32];
  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final TokenAuthority authority = new TokenAuthority(new ServerKey(secret), now::get);

  private String token() {
    return authority.issue(Optional.of(SignedIn.user("mary")), PULL).token();
  }

  @Test
  void whatIsIssuedIsUnderstoodByEveryNode() {
    TokenAuthority other = new TokenAuthority(new ServerKey(secret), now::get);
    for (TokenAuthority node : List.of(authority, other, other)) {
      assertThat(node.verify(token()))
          .contains(
              new TokenAuthority.Bearer(
                  Optional.of(
                      new SignedIn(
                          Identity.user("mary"), Set.of(), Optional.empty(), Optional.of(END))),
                  PULL,
                  END));
    }
    assertThat(authority.verify(authority.issue(Optional.empty(), PULL).token()))
        .contains(new TokenAuthority.Bearer(Optional.empty(), PULL, END));
  }

  @Test
  void itSaysWhoeverItsBearerIsAsTheySignedIn() {
    SignedIn job =
        new SignedIn(
            new Identity("ci:team/app", Identity.Kind.WORKLOAD, Optional.of("ci")),
            Set.of("ci:team", "ci:\u00fcbung"),
            Optional.of("job-17"),
            Optional.of(START.plusSeconds(60)));
    TokenAuthority.Issued issued = authority.issue(Optional.of(job), PULL);
    assertThat(issued.lifetime()).isEqualTo(Duration.ofSeconds(60));
    assertThat(authority.verify(issued.token()).flatMap(TokenAuthority.Bearer::who)).contains(job);
    now.set(START.plusSeconds(91));
    assertThat(authority.verify(issued.token())).isEmpty();
  }

  @Test
  void moreGroupsThanATokenCanSayAreRefused() {
    Set<String> many = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      many.add("ldap:group-" + i);
    }
    SignedIn member = new SignedIn(Identity.user("mary"), many, Optional.empty(), Optional.empty());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> authority.issue(Optional.of(member), PULL));
  }

  @Test
  void itCountsForAWhile() {
    String token = token();
    assertThat(authority.verify(token)).isPresent();
    now.set(START.plus(TokenAuthority.LIFETIME).plus(Duration.ofSeconds(29)));
    assertThat(authority.verify(token)).isPresent();
    assertThat(authority.hasExpired(token)).isFalse();
    now.set(START.plus(TokenAuthority.LIFETIME).plus(Duration.ofSeconds(31)));
    assertThat(authority.verify(token)).isEmpty();
    assertThat(authority.hasExpired(token)).isTrue();
    assertThat(new TokenAuthority(ServerKey.random(), now::get).hasExpired(token)).isFalse();
    now.set(START.minus(Duration.ofSeconds(31)));
    assertThat(authority.verify(token)).isEmpty();
    assertThat(authority.hasExpired(token)).isFalse();
  }

  @Test
  void anythingElseIsNone() throws Exception {
    String[] parts = token().split("\\.", -1);
    String body =
        new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
            .replace("mary", "root");
    String forged =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(body.getBytes(StandardCharsets.UTF_8));
    JWTClaimsSet claims = SignedJWT.parse(token()).getJWTClaimsSet();
    byte[] key = new ServerKey(secret).derive("tokens");
    for (String wrong :
        List.of(
            "",
            "x",
            "a.b.c",
            parts[0] + "." + forged + "." + parts[2],
            parts[0] + "." + parts[1] + ".",
            parts[0] + "." + parts[1],
            new PlainJWT(new PlainHeader(), claims).serialize(),
            signed(claims, new byte[32]),
            signed(claims, new ServerKey(secret).derive("uploads")),
            signed(new JWTClaimsSet.Builder(claims).audience("other").build(), key),
            signed(new JWTClaimsSet.Builder(claims).issuer("other").build(), key),
            signed(new JWTClaimsSet.Builder(claims).expirationTime(null).build(), key),
            signed(
                new JWTClaimsSet.Builder(claims)
                    .expirationTime(Date.from(START.minusSeconds(60)))
                    .build(),
                key),
            signed(new JWTClaimsSet.Builder(claims).claim("access", "all").build(), key),
            signed(new JWTClaimsSet.Builder(claims).claim("kind", null).build(), key),
            signed(new JWTClaimsSet.Builder(claims).claim("kind", "ROOT").build(), key),
            signed(new JWTClaimsSet.Builder(claims).claim("groups", List.of(1)).build(), key),
            signed(new JWTClaimsSet.Builder(claims).claim("access", List.of("all")).build(), key),
            token() + "x".repeat(20_000))) {
      assertThat(authority.verify(wrong)).as(wrong).isEmpty();
    }
    assertThat(authority.verify(signed(claims, key))).isPresent();
    SignedJWT other = new SignedJWT(new JWSHeader(JWSAlgorithm.HS512), claims);
    other.sign(new MACSigner(new byte[64]));
    assertThat(authority.verify(other.serialize())).isEmpty();
  }

  private static String signed(JWTClaimsSet claims, byte[] key) throws Exception {
    SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
    token.sign(new MACSigner(key));
    return token.serialize();
  }
}
