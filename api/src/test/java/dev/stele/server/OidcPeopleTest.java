package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import dev.stele.policy.AccessPolicy;
import dev.stele.projection.Session;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.server.auth.SignInSettings;
import dev.stele.server.auth.TestIssuer;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.TrustedProxies;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** People sign in at an issuer, by a browser and by a code; and what attackers try on the way. */
class OidcPeopleTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MARY = "corp:mary@example.com";

  private static final String POLICY =
      """
      administrators: [root]
      rules:
        - {repositories: ["app"], groups: ["corp:builders"], may: [pull, push]}
        - {repositories: ["mine"], users: ["corp:mary@example.com"], may: [pull, push]}
      """;

  @TempDir private Path folder;
  private RegistryOnTestDatabase beneath;
  private TestIssuer issuer;
  private SteleServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeEach
  void open() throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    issuer = new TestIssuer();
    server = serve(Duration.ofHours(12));
  }

  private SteleServer serve(Duration session) throws Exception {
    String hash =
        at.favre.lib.crypto.bcrypt.BCrypt.withDefaults().hashToString(4, "pw".toCharArray());
    Path users = Files.writeString(folder.resolve("users"), "root:" + hash + "\n");
    ServerSettings settings =
        ServerSettings.on(new ListenAddress("127.0.0.1", 0))
            .withAccess(Optional.of(AccessPolicy.read("access", new YAMLMapper().readTree(POLICY))))
            .withSignIn(
                new SignInSettings(
                    Optional.of(users), Optional.empty(), List.of(issuer.people(session))))
            .withProxies(new TrustedProxies(List.of(TrustedProxies.Network.parse("127.0.0.1"))))
            .withPrefix(PathPrefix.parse("/registry"));
    SteleServer.check(settings);
    return beneath.serve(settings);
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
    issuer.close();
    beneath.close();
  }

  // ---- what a browser does

  private HttpResponse<String> send(String method, String target, Map<String, String> headers)
      throws Exception {
    return send(method, target, "", headers);
  }

  private HttpResponse<String> send(
      String method, String target, String body, Map<String, String> headers) throws Exception {
    URI uri = URI.create(target.startsWith("/") ? server.url() + target : target);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static String location(HttpResponse<String> answer) {
    return answer.headers().firstValue("Location").orElseThrow();
  }

  /** The header that sets a cookie. */
  private static String cookieLine(HttpResponse<String> answer, String name) {
    return answer.headers().allValues("Set-Cookie").stream()
        .filter(line -> line.startsWith(name + "="))
        .findFirst()
        .orElseThrow(() -> new AssertionError(answer.headers().map() + answer.body()));
  }

  /** The cookie as it is sent back. */
  private static String cookie(HttpResponse<String> answer, String name) {
    return cookieLine(answer, name).split(";", 2)[0];
  }

  /** A sign-in until the browser is sent back: the cookie that it has, and where it is to go. */
  private record Returning(String cookie, String callback) {}

  private Returning returning(String target) throws Exception {
    HttpResponse<String> begun = send("GET", target, Map.of());
    assertThat(begun.statusCode()).as(begun.body()).isEqualTo(302);
    HttpResponse<String> there = send("GET", location(begun), Map.of());
    assertThat(there.statusCode()).isEqualTo(302);
    return new Returning(cookie(begun, "stele-sign-in"), location(there));
  }

  private HttpResponse<String> back(Returning returning) throws Exception {
    return send("GET", returning.callback(), Map.of("Cookie", returning.cookie()));
  }

  /** Signs in, and returns the cookie of the session. */
  private String signIn() throws Exception {
    HttpResponse<String> in = back(returning("/login/corp"));
    assertThat(in.statusCode()).as(in.body()).isEqualTo(200);
    return cookie(in, "stele-session");
  }

  private static String token(String cookie) {
    return cookie.substring(cookie.indexOf('=') + 1);
  }

  private int get(String target, String header, String value) throws Exception {
    return send("GET", target, Map.of(header, value)).statusCode();
  }

  private String root() {
    return "Basic " + Base64.getEncoder().encodeToString("root:pw".getBytes(UTF_8));
  }

  private List<EventEntry> events(String type) {
    return beneath.registry().log().events(-1, 100, EventFilter.ALL).stream()
        .filter(event -> event.type().equals(type))
        .toList();
  }

  private void noSession() {
    assertThat(events("SessionBegan")).isEmpty();
  }

  // ---- the way itself

  @Test
  void aPersonSignsInByABrowser() throws Exception {
    HttpResponse<String> begun = send("GET", "/login/corp?return=/v2/", Map.of());
    assertThat(begun.statusCode()).isEqualTo(302);
    assertThat(location(begun))
        .startsWith(issuer.url() + "/authorize?p=1&response_type=code&client_id=registry+client&")
        .contains("&code_challenge_method=S256")
        .contains("&scope=openid+email&");
    assertThat(cookieLine(begun, "stele-sign-in"))
        .matches("stele-sign-in=[^;]+; Max-Age=600; Path=/; HttpOnly; SameSite=Lax");
    HttpResponse<String> there = send("GET", location(begun), Map.of());
    HttpResponse<String> in =
        send("GET", location(there), Map.of("Cookie", cookie(begun, "stele-sign-in")));
    assertThat(in.statusCode()).as(in.body()).isEqualTo(200);
    assertThat(in.body())
        .contains("You are signed in as corp:mary@example.com.")
        .contains("content=\"0;url=/v2/\"");
    assertThat(in.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'none'");
    assertThat(in.headers().firstValue("Cache-Control")).contains("no-store");
    assertThat(cookieLine(in, "stele-session"))
        .matches(
            "stele-session=stele_st_[0-9a-f]{12}_[A-Za-z0-9_-]{51}; Max-Age=43200; Path=/;"
                + " HttpOnly; SameSite=Strict");
    assertThat(cookieLine(in, "stele-sign-in")).contains("Max-Age=0");
    assertThat(issuer.authorizations()).containsExactly("basic");

    String session = cookie(in, "stele-session");
    assertThat(get("/v2/", "Cookie", session)).isEqualTo(200);
    for (String repository : List.of("app", "mine")) {
      assertThat(
              send(
                      "POST",
                      "/v2/" + repository + "/blobs/uploads/",
                      Map.of("Cookie", session, "Origin", server.url().toString()))
                  .statusCode())
          .isEqualTo(202);
    }
    EventEntry event = events("SessionBegan").getFirst();
    assertThat(event.actor()).contains(MARY);
    assertThat(event.identity().orElseThrow().issuer()).contains("corp");
    // Of her groups those that the policy names.
    assertThat(event.data().get("groups").toString()).isEqualTo("[\"corp:builders\"]");
    assertThat(event.data().toString()).doesNotContain(token(session).substring(22));
  }

  @Test
  void overTlsTheCookieIsTheHostsAlone() throws Exception {
    Map<String, String> proxy =
        Map.of("X-Forwarded-Proto", "https", "X-Forwarded-Host", "registry.example.com");
    HttpResponse<String> begun = send("GET", "/login/corp", proxy);
    assertThat(location(begun))
        .contains("redirect_uri=https%3A%2F%2Fregistry.example.com%2Flogin%2Fcorp%2Fcallback");
    assertThat(cookieLine(begun, "__Host-stele-sign-in"))
        .endsWith("; Path=/; HttpOnly; SameSite=Lax; Secure");
    String callback =
        location(send("GET", location(begun), Map.of()))
            .replace("https://registry.example.com", "");
    Map<String, String> returned = new LinkedHashMap<>(proxy);
    returned.put("Cookie", cookie(begun, "__Host-stele-sign-in"));
    HttpResponse<String> in = send("GET", callback, returned);
    assertThat(cookieLine(in, "__Host-stele-session"))
        .endsWith("; Path=/; HttpOnly; SameSite=Strict; Secure");
    // One that was set without TLS, or by another host, is another cookie.
    String value = token(cookie(in, "__Host-stele-session"));
    Map<String, String> weak = new LinkedHashMap<>(proxy);
    weak.put("Cookie", "stele-session=" + value);
    assertThat(send("GET", "/v2/", weak).statusCode()).isEqualTo(401);
    weak.put("Cookie", "__Host-stele-session=" + value);
    assertThat(send("GET", "/v2/", weak).statusCode()).isEqualTo(200);
  }

  @Test
  void belowAPathTheCookieIsSentThereAlone() throws Exception {
    HttpResponse<String> begun =
        send("GET", "/registry/login/corp?return=/v2/", Map.of("X-Forwarded-Proto", "https"));
    assertThat(cookieLine(begun, "__Secure-stele-sign-in"))
        .endsWith("; Path=/registry; HttpOnly; SameSite=Lax; Secure");
    assertThat(location(begun)).contains("%2Fregistry%2Flogin%2Fcorp%2Fcallback");
    String callback =
        location(send("GET", location(begun), Map.of())).replaceFirst("https://[^/]+", "");
    HttpResponse<String> in =
        send(
            "GET",
            callback,
            Map.of(
                "X-Forwarded-Proto", "https", "Cookie", cookie(begun, "__Secure-stele-sign-in")));
    assertThat(in.body()).contains("content=\"0;url=/registry/v2/\"");
    assertThat(cookieLine(in, "__Secure-stele-session")).contains("; Path=/registry; ");
  }

  @Test
  void anIssuerThatTakesTheSecretInTheFormGetsItThere() throws Exception {
    issuer.discloses(",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]");
    String _ = signIn();
    assertThat(issuer.authorizations()).containsExactly("post");
  }

  // ---- what attackers try

  @Test
  void onlyTheBrowserThatBeganCanComeBack() throws Exception {
    Returning mine = returning("/login/corp");
    Returning theirs = returning("/login/corp");
    List<Returning> wrong = new ArrayList<>();
    wrong.add(new Returning("x=y", mine.callback()));
    wrong.add(new Returning(theirs.cookie(), mine.callback()));
    wrong.add(new Returning(mine.cookie(), mine.callback().replaceFirst("state=[^&]+", "state=x")));
    wrong.add(new Returning(mine.cookie(), mine.callback().replaceFirst("&state=[^&]+", "")));
    wrong.add(new Returning("stele-sign-in=a.b.c.d.e", mine.callback()));
    String cookie = mine.cookie();
    char last = cookie.charAt(cookie.length() - 3) == 'A' ? 'B' : 'A';
    wrong.add(
        new Returning(
            cookie.substring(0, cookie.length() - 3) + last + cookie.substring(cookie.length() - 2),
            mine.callback()));
    wrong.add(new Returning(cookie, mine.callback() + "&iss=https://other.example.com"));
    for (Returning each : wrong) {
      HttpResponse<String> answer = back(each);
      assertThat(answer.statusCode()).as(each + answer.body()).isEqualTo(400);
      assertThat(answer.body()).contains("this browser did not begin to sign in here");
    }
    assertThat(back(new Returning(cookie, mine.callback() + "&error=access_denied")).body())
        .contains("corp did not sign you in: access_denied");
    assertThat(back(new Returning(cookie, mine.callback() + "&error=%3Cscript%3E")).body())
        .doesNotContain("script");
    noSession();
    assertThat(send("HEAD", mine.callback(), Map.of("Cookie", cookie)).statusCode()).isEqualTo(405);
    // None of that took the code away.
    assertThat(back(mine).statusCode()).isEqualTo(200);
  }

  @Test
  void aCodeCountsOnce() throws Exception {
    Returning once = returning("/login/corp");
    assertThat(back(once).statusCode()).isEqualTo(200);
    HttpResponse<String> again = back(once);
    assertThat(again.statusCode()).isEqualTo(400);
    assertThat(again.body()).contains("corp does not know that code any more");
    assertThat(events("SessionBegan")).hasSize(1);
  }

  @Test
  void anIdTokenMustBeOneForThisSignIn() throws Exception {
    RSAKey other = new RSAKeyGenerator(2048).keyID(issuer.key().getKeyID()).generate();
    Map<String, TestIssuer.TokenMaker> wrong = new LinkedHashMap<>();
    wrong.put("alg none", claims -> new PlainJWT(claims).serialize());
    wrong.put("another's key", claims -> TestIssuer.sign(issuer.header().build(), claims, other));
    wrong.put("another nonce", changed("nonce", "n"));
    wrong.put("no nonce", changed("nonce", null));
    wrong.put("another client", changed("aud", TestIssuer.AUDIENCE));
    wrong.put("issued to another client", changed("azp", "other"));
    wrong.put("no subject", changed("sub", null));
    wrong.put("another issuer", changed("iss", "https://other.example.com"));
    wrong.put("over", changed("exp", Date.from(Instant.now().minusSeconds(60))));
    wrong.put("without an end", changed("exp", null));
    wrong.put("of no time", changed("iat", null));
    wrong.put("without a name", changed("email", null));
    wrong.put("not what is required", changed("repository_owner", "others"));
    wrong.put("nothing", _ -> "");
    wrong.put("no token", _ -> "x");
    wrong.put("too long", _ -> "x".repeat(20_000));
    for (Map.Entry<String, TestIssuer.TokenMaker> each : wrong.entrySet()) {
      issuer.idTokens(each.getValue());
      HttpResponse<String> answer = back(returning("/login/corp"));
      assertThat(answer.statusCode()).as(each.getKey() + answer.body()).isEqualTo(403);
      assertThat(answer.headers().allValues("Set-Cookie"))
          .as(each.getKey())
          .noneMatch(line -> line.startsWith("stele-session="));
    }
    noSession();
    issuer.idTokens(changed("aud", List.of("other", TestIssuer.CLIENT)));
    String _ = signIn();
  }

  private TestIssuer.TokenMaker changed(String claim, Object value) {
    return claims -> issuer.sign(new JWTClaimsSet.Builder(claims).claim(claim, value).build());
  }

  @Test
  void anIdTokenIsNoCredentialHere() throws Exception {
    String idToken = issuer.sign(issuer.claims().audience(TestIssuer.CLIENT).build());
    assertThat(get("/v2/", "Authorization", "Bearer " + idToken)).isEqualTo(401);
  }

  @Test
  void nobodyIsSentToAnotherSite() throws Exception {
    for (String back :
        List.of(
            "https://evil.example",
            "//evil.example",
            "/%5Cevil.example",
            "%5C%5Cevil.example",
            "evil",
            "javascript:alert(1)",
            "/%0d%0aSet-Cookie:x",
            "/%22%3E%3Cscript%3E",
            "/" + "a".repeat(1_000))) {
      HttpResponse<String> answer = send("GET", "/login/corp?return=" + back, Map.of());
      assertThat(answer.statusCode()).as(back).isEqualTo(400);
      assertThat(answer.headers().firstValue("Location")).isEmpty();
    }
    assertThat(send("GET", "/login/corp?return=/ui?a=1%26b='2'", Map.of()).statusCode())
        .isEqualTo(302);
    assertThat(back(returning("/login/corp?return=/ui?a=1%26b='2'")).body())
        .contains("url=/ui?a=1&amp;b=&#39;2&#39;\"");
    assertThat(send("GET", "/login/other", Map.of()).body())
        .contains("people sign in here by corp");
  }

  @Test
  void anotherSitesPageCanChangeNothing() throws Exception {
    String cookie = signIn();
    String own = server.url().toString();
    List<Map<String, String>> refused =
        List.of(
            Map.of(),
            Map.of("Origin", "https://evil.example"),
            Map.of("Origin", "null"),
            Map.of("Origin", own + "0"),
            Map.of("Origin", own.replace("http:", "https:")),
            Map.of("Sec-Fetch-Site", "cross-site"),
            Map.of("Sec-Fetch-Site", "same-site"),
            Map.of("Sec-Fetch-Site", "none"),
            Map.of("Origin", own, "Sec-Fetch-Site", "same-site"),
            Map.of("Origin", "https://evil.example", "Sec-Fetch-Site", "same-origin"));
    for (Map<String, String> from : refused) {
      Map<String, String> headers = new LinkedHashMap<>(from);
      headers.put("Cookie", cookie);
      for (String target : List.of("/v2/app/blobs/uploads/", "/logout")) {
        HttpResponse<String> answer = send("POST", target, headers);
        assertThat(answer.statusCode()).as(from + target).isEqualTo(403);
        assertThat(answer.body()).contains("a cookie counts for what changes something only if");
      }
    }
    assertThat(
            send(
                    "POST",
                    "/v2/app/blobs/uploads/",
                    Map.of("Cookie", cookie, "Sec-Fetch-Site", "same-origin"))
                .statusCode())
        .isEqualTo(202);
    // Who sends Authorization is judged by that alone.
    assertThat(
            send(
                    "POST",
                    "/v2/app/blobs/uploads/",
                    Map.of("Cookie", cookie, "Authorization", "Bearer " + token(cookie)))
                .statusCode())
        .isEqualTo(202);
    assertThat(
            send("GET", "/v2/", Map.of("Cookie", cookie, "Authorization", "Bearer x")).statusCode())
        .isEqualTo(401);
  }

  // ---- the end

  @Test
  void aSessionEndsByLogout() throws Exception {
    String cookie = signIn();
    String other = signIn();
    HttpResponse<String> out =
        send("POST", "/logout", Map.of("Cookie", cookie, "Origin", server.url().toString()));
    assertThat(out.statusCode()).as(out.body()).isEqualTo(204);
    assertThat(cookieLine(out, "stele-session")).startsWith("stele-session=; Max-Age=0; Path=/");
    HttpResponse<String> after = send("GET", "/v2/", Map.of("Cookie", cookie));
    assertThat(after.statusCode()).isEqualTo(401);
    assertThat(cookieLine(after, "stele-session")).contains("Max-Age=0");
    // Who has a cookie that does not count can sign in anew.
    assertThat(get("/login/corp", "Cookie", cookie)).isEqualTo(302);
    assertThat(get("/v2/", "Cookie", other)).isEqualTo(200);
    assertThat(events("SessionEnded").getFirst().user().orElseThrow().name()).isEqualTo(MARY);
    assertThat(send("POST", "/logout", Map.of("Authorization", root())).statusCode())
        .isEqualTo(400);
    assertThat(send("POST", "/logout", Map.of()).statusCode()).isEqualTo(401);
    assertThat(
            send("POST", "/logout", Map.of("Authorization", "Bearer " + token(other))).statusCode())
        .isEqualTo(204);
    assertThat(get("/v2/", "Cookie", other)).isEqualTo(401);
  }

  @Test
  void anAdministratorEndsItWithAllThatWasGotByIt() throws Exception {
    String cookie = signIn();
    String basic =
        "Basic " + Base64.getEncoder().encodeToString(("oidc:" + token(cookie)).getBytes(UTF_8));
    assertThat(get("/v2/", "Authorization", basic)).isEqualTo(200);
    HttpResponse<String> got =
        send("GET", "/token?scope=repository:app:pull,push", Map.of("Authorization", basic));
    String issued = "Bearer " + JSON.readTree(got.body()).get("token").asText();
    assertThat(send("POST", "/v2/app/blobs/uploads/", Map.of("Authorization", issued)).statusCode())
        .isEqualTo(202);
    // What was got for a while ends nothing.
    assertThat(send("POST", "/logout", Map.of("Authorization", issued)).statusCode())
        .isEqualTo(400);
    assertThat(send("GET", "/api/v1/sessions", Map.of("Cookie", cookie)).statusCode())
        .isEqualTo(403);
    JsonNode listed =
        JSON.readTree(send("GET", "/api/v1/sessions", Map.of("Authorization", root())).body());
    assertThat(listed.at("/items/0/user").asText()).isEqualTo(MARY);
    assertThat(listed.toString()).doesNotContain(token(cookie).substring(22));
    String id = listed.at("/items/0/id").asText();
    assertThat(token(cookie)).contains(id);
    HttpResponse<String> revoked =
        send("POST", "/api/v1/sessions/" + id + "/revoke", Map.of("Authorization", root()));
    assertThat(revoked.statusCode()).as(revoked.body()).isEqualTo(200);
    assertThat(get("/v2/", "Cookie", cookie)).isEqualTo(401);
    assertThat(get("/v2/", "Authorization", basic)).isEqualTo(401);
    assertThat(send("POST", "/v2/app/blobs/uploads/", Map.of("Authorization", issued)).statusCode())
        .isEqualTo(401);
    assertThat(
            send("POST", "/api/v1/sessions/" + id + "/revoke", Map.of("Authorization", root()))
                .statusCode())
        .isEqualTo(404);
  }

  @Test
  void aSessionExpires() throws Exception {
    server.close();
    server = serve(Duration.ofSeconds(1));
    String cookie = signIn();
    Instant end =
        beneath.registry().sessions().list(Optional.empty(), 1).items().stream()
            .map(Session::expires)
            .findFirst()
            .orElse(Instant.now());
    while (Instant.now().isBefore(end.plusMillis(50))) {
      Thread.sleep(20);
    }
    HttpResponse<String> after = send("GET", "/v2/", Map.of("Cookie", cookie));
    assertThat(after.statusCode()).isEqualTo(401);
    assertThat(after.body()).contains("your session expired at");
  }

  // ---- by a code

  private JsonNode begin() throws Exception {
    HttpResponse<String> begun = send("POST", "/login/corp/device", Map.of());
    assertThat(begun.statusCode()).as(begun.body()).isEqualTo(200);
    return JSON.readTree(begun.body());
  }

  private HttpResponse<String> poll(JsonNode begun) throws Exception {
    return send(
        "POST",
        "/login/corp/device/token",
        "{\"device\": \"%s\"}".formatted(begun.get("device").asText()),
        Map.of());
  }

  @Test
  void aCommandLineSignsInByACode() throws Exception {
    JsonNode begun = begin();
    assertThat(begun.get("userCode").asText()).isEqualTo("WDJB-MJHT");
    assertThat(begun.get("interval").asInt()).isEqualTo(1);
    assertThat(begun.get("expiresIn").asInt()).isEqualTo(60);
    // The issuer's own code stays here, and so does the secret.
    assertThat(begun.toString()).doesNotContain("device-17").doesNotContain(TestIssuer.SECRET);
    issuer.answersToDevices("authorization_pending", "slow_down");
    assertThat(poll(begun).body()).contains("\"pending\"");
    assertThat(poll(begun).body()).contains("\"slow_down\"");
    noSession();
    HttpResponse<String> done = poll(begun);
    assertThat(done.statusCode()).as(done.body()).isEqualTo(200);
    assertThat(JSON.readTree(done.body()).get("user").asText()).isEqualTo(MARY);
    String token = JSON.readTree(done.body()).get("token").asText();
    assertThat(
            send("POST", "/v2/mine/blobs/uploads/", Map.of("Authorization", "Bearer " + token))
                .statusCode())
        .isEqualTo(202);
  }

  @Test
  void aCodeThatWasRefusedOrExpiredSignsNobodyIn() throws Exception {
    JsonNode begun = begin();
    issuer.answersToDevices("access_denied", "expired_token", "invalid_grant", "invalid_client");
    assertThat(poll(begun).statusCode()).isEqualTo(403);
    assertThat(poll(begun).body()).contains("the code was not entered in time");
    assertThat(poll(begun).statusCode()).isEqualTo(400);
    assertThat(poll(begun).statusCode()).isEqualTo(503);
    issuer.idTokens(changed("aud", "other"));
    assertThat(poll(begun).statusCode()).isEqualTo(403);
    for (String device : List.of("device-17", "a.b.c.d.e", "")) {
      HttpResponse<String> answer =
          send(
              "POST",
              "/login/corp/device/token",
              "{\"device\": \"%s\"}".formatted(device),
              Map.of());
      assertThat(answer.statusCode()).as(device).isEqualTo(400);
    }
    // What a browser keeps is nothing to ask with.
    String kept = returning("/login/corp").cookie();
    assertThat(
            send(
                    "POST",
                    "/login/corp/device/token",
                    "{\"device\": \"%s\"}".formatted(token(kept)),
                    Map.of())
                .statusCode())
        .isEqualTo(400);
    noSession();
  }

  @Test
  void anIssuerThatIsAwayIsSaidToBe() throws Exception {
    issuer.answer(500);
    HttpResponse<String> answer = send("GET", "/login/corp", Map.of());
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).contains("nobody can sign in at corp now").doesNotContain("500");
    assertThat(send("POST", "/login/corp/device", Map.of()).statusCode()).isEqualTo(503);
  }

  @Test
  void anAddressCanHaveAnIssuerAskedSoOftenOnly() throws Exception {
    int limited = 0;
    for (int i = 0; i < 100; i++) {
      limited += send("GET", "/login/corp?return=x", Map.of()).statusCode() == 429 ? 1 : 0;
    }
    assertThat(limited).isPositive();
    assertThat(get("/v2/", "Authorization", root())).isEqualTo(200);
  }
}
