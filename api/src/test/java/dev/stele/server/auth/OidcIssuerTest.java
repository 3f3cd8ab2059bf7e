package dev.stele.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.stele.event.Identity;
import dev.stele.server.http.RefusedRequestException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of an issuer, right ones and what attackers make of them. */
class OidcIssuerTest {
  @TempDir private Path folder;
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final SourceMetrics metrics = new SourceMetrics(meters, "oidc.ci");
  private TestIssuer issuer;
  private OidcIssuer trusting;

  @BeforeEach
  void open() throws Exception {
    issuer = new TestIssuer();
    trusting = new OidcIssuer(issuer.settings(), metrics);
  }

  @AfterEach
  void close() {
    trusting.close();
    issuer.close();
  }

  private Optional<Verdict> judge(String token) {
    return trusting.judge(new Credential.Token(token));
  }

  private SignedIn accepted(String token) {
    return judge(token)
        .map(verdict -> verdict instanceof Verdict.Accepted(SignedIn who) ? who : null)
        .orElseThrow(() -> new AssertionError("refused: " + judge(token)));
  }

  /** Refused, or nobody's to judge; by whichever words. */
  private void refuses(String what, String token) {
    assertThat(judge(token).filter(Verdict.Accepted.class::isInstance)).as(what).isEmpty();
  }

  private void refuses(String what, String token, String why) {
    assertThat(judge(token))
        .as(what)
        .containsInstanceOf(Verdict.Refused.class)
        .hasValueSatisfying(verdict -> assertThat(((Verdict.Refused) verdict).why()).contains(why));
  }

  /** Refused, or to be tried again once the issuer may be asked again. */
  private void refusesForNow(String what, String token) {
    try {
      refuses(what, token);
    } catch (RefusedRequestException e) {
      assertThat(e.error().status()).as(what).isEqualTo(503);
    }
  }

  @Test
  void aTokenIsWhoeverItsClaimsName() throws Exception {
    JWTClaimsSet claims = issuer.claims().build();
    assertThat(accepted(issuer.sign(claims)))
        .isEqualTo(
            new SignedIn(
                new Identity("ci:octo-org/octo-repo", Identity.Kind.WORKLOAD, Optional.of("ci")),
                Set.of("ci:octo-org", "ci:builders", "ci:owner-octo-org"),
                Optional.of("run-17"),
                Optional.of(
                    claims.getExpirationTime().toInstant().truncatedTo(ChronoUnit.SECONDS))));
    // Several audiences, a key on a curve, and one group that is no list.
    issuer.addCurve("second");
    assertThat(
            accepted(
                    issuer.sign(
                        issuer
                            .claims()
                            .audience(List.of("other", TestIssuer.AUDIENCE))
                            .claim("groups", "builders")
                            .jwtID(null)
                            .build()))
                .groups())
        .contains("ci:builders");
    assertThat(
            trusting.vouchesFor(
                new Identity("ci:x", Identity.Kind.WORKLOAD, Optional.of("ci")), Optional.empty()))
        .isTrue();
    assertThat(
            trusting.vouchesFor(
                new Identity("ci:x", Identity.Kind.WORKLOAD, Optional.of("other")),
                Optional.empty()))
        .isFalse();
    assertThat(trusting.vouchesFor(Identity.user("ci:x"), Optional.empty())).isFalse();
  }

  @Test
  void whatAnAttackerMakesIsRefused() throws Exception {
    JWTClaimsSet claims = issuer.claims().build();
    String right = issuer.sign(claims);
    assertThat(accepted(right).identity().name()).isEqualTo("ci:octo-org/octo-repo");
    String[] parts = right.split("\\.", -1);

    refuses("alg none", new PlainJWT(claims).serialize());
    for (String none : List.of("none", "None", "NONE", "nOnE")) {
      String header = base64("{\"alg\":\"" + none + "\",\"typ\":\"JWT\"}");
      refuses(none, header + "." + parts[1] + ".");
      refuses(none, header + "." + parts[1] + "." + parts[2]);
    }
    RSAKey shared = (RSAKey) issuer.key();
    PublicKey publicKey = shared.toPublicKey();
    List<byte[]> secrets =
        List.of(
            publicKey.getEncoded(),
            ("-----BEGIN PUBLIC KEY-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(publicKey.getEncoded())
                    + "\n-----END PUBLIC KEY-----\n")
                .getBytes(UTF_8),
            shared.toPublicJWK().toString().getBytes(UTF_8),
            shared.getModulus().decode());
    for (byte[] secret : secrets) {
      for (JWSAlgorithm algorithm :
          List.of(JWSAlgorithm.HS256, JWSAlgorithm.HS384, JWSAlgorithm.HS512)) {
        SignedJWT confused =
            new SignedJWT(
                new JWSHeader.Builder(algorithm).keyID(issuer.key().getKeyID()).build(), claims);
        confused.sign(new MACSigner(secret));
        refuses("key confusion", confused.serialize(), "ci: ");
      }
    }

    RSAKey own = new RSAKeyGenerator(2048).keyID(issuer.key().getKeyID()).generate();
    refuses(
        "another key under the same id",
        TestIssuer.sign(issuer.header().build(), claims, own),
        "Invalid signature");
    for (JWSHeader header :
        List.of(
            issuer.header().jwk(own.toPublicJWK()).build(),
            issuer.header().jwkURL(URI.create(issuer.url() + "/attacker")).build(),
            issuer.header().x509CertURL(URI.create(issuer.url() + "/attacker")).build(),
            new JWSHeader.Builder(JWSAlgorithm.RS256).jwk(own.toPublicJWK()).build())) {
      refuses("a header with a key", TestIssuer.sign(header, claims, own));
    }
    refuses(
        "a header that must be understood",
        TestIssuer.sign(
            issuer.header().criticalParams(Set.of("mine")).customParam("mine", 1).build(),
            claims,
            issuer.key()));
    refuses(
        "a token of another type",
        TestIssuer.sign(
            issuer.header().type(new com.nimbusds.jose.JOSEObjectType("logout+jwt")).build(),
            claims,
            issuer.key()));

    refuses(
        "tampered claims",
        parts[0]
            + "."
            + base64(
                new String(Base64.getUrlDecoder().decode(parts[1]), UTF_8)
                    .replace("octo-org/octo-repo", "octo-org/other"))
            + "."
            + parts[2],
        "Invalid signature");
    refuses("no signature", parts[0] + "." + parts[1] + ".");
    refuses("cut", right.substring(0, right.length() - 10));
    refuses("two parts", parts[0] + "." + parts[1]);
    refuses("nothing", "");
    refuses("huge", right + "A".repeat(1 << 20));
    refuses("huge claims", issuer.sign(issuer.claims().claim("x", "y".repeat(20_000)).build()));
    for (String deep :
        List.of(
            "[".repeat(11_000),
            "[".repeat(17_000),
            "{\"a\":".repeat(2_200),
            "{\"a\":[".repeat(1_900))) {
      String claimed = parts[0] + "." + base64(deep) + "." + parts[2];
      refuses("deep claims", claimed);
      assertThat(new Credential.Token(claimed).claimed()).isEmpty();
      refuses("a deep header", base64(deep) + "." + parts[1] + "." + parts[2]);
    }
    assertThat(new Credential.Token(right).claimed())
        .hasValueSatisfying(
            claimed -> assertThat(claimed).contains("repo:octo-org/octo-repo", issuer.url()));
  }

  @Test
  void whatIsForSomebodyElseOrNotNowIsRefused() throws Exception {
    Instant now = Instant.now();
    refuses("another audience", issuer.sign(issuer.claims().audience("sigstore").build()));
    refuses("no audience", issuer.sign(issuer.claims().audience((String) null).build()));
    refuses("another issuer", issuer.sign(issuer.claims().issuer("https://evil").build()));
    refuses("issuer with a slash", issuer.sign(issuer.claims().issuer(issuer.url() + "/").build()));
    refuses(
        "expired",
        issuer.sign(issuer.claims().expirationTime(Date.from(now.minusSeconds(60))).build()),
        "Expired");
    refuses("for ever", issuer.sign(issuer.claims().expirationTime(null).build()), "exp");
    refuses(
        "not yet",
        issuer.sign(issuer.claims().notBeforeTime(Date.from(now.plusSeconds(60))).build()),
        "before");
    // Within the leeway.
    assertThat(
            accepted(
                issuer.sign(
                    issuer.claims().expirationTime(Date.from(now.minusSeconds(10))).build())))
        .isNotNull();
  }

  @Test
  void claimsThatMakeNoNameAreRefused() throws Exception {
    for (Object repository :
        new Object[] {
          null,
          "",
          " ",
          "a\nb",
          "a\u200bb",
          "a\u202eb",
          "a\u00a0",
          "x".repeat(300),
          List.of("a"),
          Map.of("a", "b")
        }) {
      refuses(
          String.valueOf(repository),
          issuer.sign(issuer.claims().claim("repository", repository).build()),
          "${repository}");
    }
    refuses(
        "very many groups",
        issuer.sign(
            issuer
                .claims()
                .claim("groups", IntStream.range(0, 1_001).mapToObj(String::valueOf).toList())
                .build()),
        "more than 1000 groups");
    OidcSettings settings = issuer.settings();
    try (OidcIssuer strict =
        new OidcIssuer(
            new OidcSettings(
                "ci",
                settings.issuer(),
                settings.audiences(),
                Optional.empty(),
                Optional.empty(),
                new ClaimTemplate("${repository_owner}-${run}-${protected}"),
                List.of(),
                Map.of("repository_owner", "octo-org"),
                Duration.ZERO,
                Identity.Kind.USER,
                Optional.empty()),
            metrics)) {
      JWTClaimsSet.Builder claims = issuer.claims().claim("run", 17).claim("protected", true);
      assertThat(strict.judge(new Credential.Token(issuer.sign(claims.build()))))
          .hasValueSatisfying(
              verdict ->
                  assertThat(((Verdict.Accepted) verdict).signedIn().identity())
                      .isEqualTo(
                          new Identity(
                              "ci:octo-org-17-true", Identity.Kind.USER, Optional.of("ci"))));
      for (Object owner : new Object[] {"octo-org2", "Octo-org", null, List.of("octo-org")}) {
        assertThat(
                strict.judge(
                    new Credential.Token(
                        issuer.sign(claims.claim("repository_owner", owner).build()))))
            .containsInstanceOf(Verdict.Refused.class);
      }
    }
  }

  @Test
  void aNewKeyIsFoundWithoutARestartAndUnknownOnesAreNotAskedForEach() throws Exception {
    String before = issuer.sign(issuer.claims().build());
    accepted(before);
    assertThat(issuer.asked()).isEqualTo(1);
    issuer.rotate("second");
    accepted(issuer.sign(issuer.claims().build()));
    assertThat(issuer.asked()).isEqualTo(2);
    refusesForNow("by a key that the issuer has no more", before);

    int asked = issuer.asked();
    RSAKey own = new RSAKeyGenerator(2048).generate();
    List<Future<?>> flood = new ArrayList<>();
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 200; i++) {
        String token =
            TestIssuer.sign(issuer.header().keyID("k" + i).build(), issuer.claims().build(), own);
        flood.add(many.submit(() -> refusesForNow("an unknown key", token)));
      }
      // Whoever has a right one goes on.
      accepted(issuer.sign(issuer.claims().build()));
      for (Future<?> each : flood) {
        each.get();
      }
    }
    assertThat(issuer.asked() - asked).isLessThanOrEqualTo(2);
    // It may not be asked for now, and there are keys: that is no outage.
    refuses(
        "an unknown key",
        TestIssuer.sign(issuer.header().keyID("k").build(), issuer.claims().build(), own),
        "by a key that is not known");
    accepted(issuer.sign(issuer.claims().build()));
  }

  @Test
  void anIssuerThatIsAwayIsToldApartFromAWrongToken() throws Exception {
    String token = issuer.sign(issuer.claims().build());
    issuer.answer(500);
    assertThatThrownBy(() -> judge(token))
        .isInstanceOfSatisfying(
            RefusedRequestException.class, e -> assertThat(e.error().status()).isEqualTo(503));
    issuer.serveKeys();
    accepted(token);
    // What was read once counts on.
    issuer.close();
    accepted(token);
  }

  @Test
  void whatAnIssuerServesIsBounded() throws Exception {
    String token = issuer.sign(issuer.claims().build());
    JWK secret = new OctetSequenceKey.Builder(new byte[32]).keyID("first").build();
    List<JWK> many = new ArrayList<>();
    for (int i = 0; i < 101; i++) {
      many.add(new RSAKey.Builder((RSAKey) issuer.key()).keyID("k" + i).build());
    }
    for (String served :
        List.of(
            "x",
            "{\"keys\":[]}",
            "{\"keys\":[],\"x\":\"" + "y".repeat(300 << 10) + "\"}",
            new JWKSet(many).toString(),
            new JWKSet(secret).toString(false))) {
      issuer.serve(served);
      try (OidcIssuer fresh = new OidcIssuer(issuer.settings(), metrics)) {
        SignedJWT forged =
            new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("first").build(),
                issuer.claims().build());
        forged.sign(new MACSigner(new byte[32]));
        for (String tried : List.of(token, forged.serialize())) {
          try {
            assertThat(fresh.judge(new Credential.Token(tried)))
                .as(served.substring(0, Math.min(80, served.length())))
                .containsInstanceOf(Verdict.Refused.class);
          } catch (RefusedRequestException e) {
            assertThat(e.error().status()).isEqualTo(503);
          }
        }
      }
    }
  }

  @Test
  void anIssuerThatSaysNothingHoldsUpNobodyElse() throws Exception {
    issuer.answerAfter(Duration.ofMinutes(10));
    try (TestIssuer other = new TestIssuer();
        ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      OidcSettings settings = other.settings();
      Authenticator authenticator =
          Authenticator.of(
              new SignInSettings(
                  Optional.empty(), Optional.empty(), List.of(issuer.settings(), settings)),
              Optional.empty(),
              Optional.empty(),
              new SimpleMeterRegistry());
      String slow = issuer.sign(issuer.claims().build());
      List<Future<Integer>> waiting = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        waiting.add(
            many.submit(
                () -> {
                  try {
                    Verdict _ = authenticator.authenticate(new Credential.Token(slow), "192.0.2.1");
                    return 0;
                  } catch (RefusedRequestException e) {
                    return e.error().status();
                  }
                }));
      }
      String quick = other.sign(other.claims().build());
      assertThat(authenticator.authenticate(new Credential.Token(quick), "192.0.2.1"))
          .isInstanceOf(Verdict.Accepted.class);
      assertThat(waiting).noneMatch(Future::isDone);
      for (Future<Integer> each : waiting) {
        assertThat(each.get()).isEqualTo(503);
      }
      assertThat(issuer.asked()).isLessThanOrEqualTo(3);
      authenticator.close();
    }
  }

  @Test
  void keysMayBeInAFileWhichIsReadAgain() throws Exception {
    Path file = folder.resolve("jwks.json");
    OidcSettings remote = issuer.settings();
    OidcSettings settings =
        new OidcSettings(
            "ci",
            "kubernetes/serviceaccount",
            remote.audiences(),
            Optional.of(file),
            Optional.empty(),
            new ClaimTemplate("${sub}"),
            List.of(),
            Map.of(),
            Duration.ZERO,
            Identity.Kind.WORKLOAD,
            Optional.empty());
    assertThatIOException()
        .isThrownBy(() -> new OidcIssuer(settings, metrics))
        .withMessageContaining("oidc.ci.jwks-file")
        .withMessageContaining("jwks.json");
    Files.writeString(file, "{}");
    assertThatIOException()
        .isThrownBy(() -> new OidcIssuer(settings, metrics))
        .withMessageContaining("oidc.ci.jwks-file");
    Files.writeString(file, new JWKSet(issuer.key()).toString());
    try (OidcIssuer offline = new OidcIssuer(settings, metrics)) {
      String first = offlineToken();
      assertThat(offline.judge(new Credential.Token(first)))
          .containsInstanceOf(Verdict.Accepted.class);
      Files.writeString(file, "half");
      Thread.sleep(1_500);
      assertThat(offline.judge(new Credential.Token(first)))
          .containsInstanceOf(Verdict.Accepted.class);
      issuer.rotate("second");
      String second = offlineToken();
      assertThat(offline.judge(new Credential.Token(second)))
          .containsInstanceOf(Verdict.Refused.class);
      Files.writeString(file, new JWKSet(issuer.key()).toString());
      Thread.sleep(1_500);
      assertThat(offline.judge(new Credential.Token(second)))
          .containsInstanceOf(Verdict.Accepted.class);
      assertThat(offline.judge(new Credential.Token(first)))
          .containsInstanceOf(Verdict.Refused.class);
    }
    assertThat(issuer.asked()).isZero();
  }

  private String offlineToken() throws Exception {
    return issuer.sign(issuer.claims().issuer("kubernetes/serviceaccount").build());
  }

  @Test
  void theMetricsSayWhetherItsKeysCouldBeHad() throws Exception {
    assertThat(meters.get("stele.source.success").gauge().value()).isZero();
    String token = issuer.sign(issuer.claims().build());
    assertThat(accepted(token)).isNotNull();
    assertThat(meters.get("stele.source.success").tag("source", "oidc.ci").gauge().value())
        .isCloseTo((double) Instant.now().getEpochSecond(), within(60.0));
    assertThat(meters.get("stele.source.failures").counter().count()).isZero();
    issuer.serve("x");
    try (OidcIssuer fresh = new OidcIssuer(issuer.settings(), metrics)) {
      assertThatThrownBy(() -> fresh.judge(new Credential.Token(token)))
          .isInstanceOf(RefusedRequestException.class);
    }
    assertThat(meters.get("stele.source.failures").counter().count()).isPositive();
  }

  @Test
  void aDiscoveryDocumentOfAnotherIssuerIsNotBelieved() throws Exception {
    OidcSettings own = issuer.settings();
    try (TestIssuer other = new TestIssuer();
        OidcIssuer confused =
            new OidcIssuer(
                new OidcSettings(
                    "ci",
                    other.url().replace("127.0.0.1", "localhost"),
                    own.audiences(),
                    Optional.empty(),
                    Optional.empty(),
                    own.user(),
                    List.of(),
                    Map.of(),
                    Duration.ZERO,
                    Identity.Kind.WORKLOAD,
                    Optional.empty()),
                metrics)) {
      String token =
          other.sign(other.claims().issuer(other.url().replace("127.0.0.1", "localhost")).build());
      assertThatThrownBy(() -> confused.judge(new Credential.Token(token)))
          .isInstanceOf(RefusedRequestException.class);
      assertThat(other.asked()).isZero();
    }
  }

  @Test
  void aTokenMayComeAsAPassword() throws Exception {
    String token = issuer.sign(issuer.claims().build());
    assertThat(Credential.parse(basic("oidc", token))).contains(new Credential.Token(token));
    assertThat(Credential.parse("Bearer " + token)).contains(new Credential.Token(token));
    assertThat(Credential.parse(basic("mary", token)))
        .containsInstanceOf(Credential.Password.class);
    assertThat(Credential.parse(basic("oidc", "secret")))
        .containsInstanceOf(Credential.Password.class);
    assertThat(Credential.parse(basic("oidc", "a".repeat(40_000)))).isEmpty();
    assertThat(new Credential.Token(token).toString()).doesNotContain(token.substring(0, 10));
    assertThat(new Credential.Password("mary", "secret").toString()).doesNotContain("secret");
  }

  private static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }
}
