package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.policy.AccessPolicy;
import dev.stele.server.auth.SignInSettings;
import dev.stele.server.auth.TestIssuer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job of a CI system signs in by the token that it has from there. */
class OidcSignInTest {
  private static final String POLICY =
      """
      rules:
        - {repositories: ["app"], users: ["ci:octo-org/octo-repo"], may: [pull, push]}
        - {repositories: ["web"], groups: ["ci:builders"], may: [pull, push]}
        - {repositories: ["all"], groups: [builders], may: [pull, push]}
      groups:
        builders: [octo-org/octo-repo]
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
    ServerSettings settings =
        ServerSettings.on(new ListenAddress("127.0.0.1", 0))
            .withAccess(Optional.of(AccessPolicy.read("access", new YAMLMapper().readTree(POLICY))))
            .withSignIn(
                new SignInSettings(Optional.empty(), Optional.empty(), List.of(issuer.settings())));
    SteleServer.check(settings);
    server = beneath.serve(settings);
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
    issuer.close();
    beneath.close();
  }

  private HttpResponse<String> ask(String method, String target, String authorization)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.url() + target))
            .method(method, BodyPublishers.noBody())
            .header("Authorization", authorization)
            .build(),
        BodyHandlers.ofString());
  }

  private int upload(String repository, String authorization) throws Exception {
    return ask("POST", "/v2/" + repository + "/blobs/uploads/", authorization).statusCode();
  }

  @Test
  void itMayDoWhatThePolicyGrantsItHoweverItSendsTheToken() throws Exception {
    String token = issuer.sign(issuer.claims().build());
    String basic = "Basic " + Base64.getEncoder().encodeToString(("oidc:" + token).getBytes(UTF_8));
    for (String authorization : List.of("Bearer " + token, basic)) {
      assertThat(upload("app", authorization)).isEqualTo(202);
      assertThat(upload("web", authorization)).isEqualTo(202);
      // A group of the policy has no members that somebody else names.
      assertThat(upload("all", authorization)).isEqualTo(403);
      HttpResponse<String> issued =
          ask(
              "GET",
              "/token?scope=repository:app:pull,push&scope=repository:web:push",
              authorization);
      assertThat(issued.statusCode()).as(issued.body()).isEqualTo(200);
      String own = "Bearer " + new ObjectMapper().readTree(issued.body()).get("token").asText();
      assertThat(upload("app", own)).isEqualTo(202);
      assertThat(upload("web", own)).isEqualTo(202);
      assertThat(upload("all", own)).isEqualTo(403);
    }
    assertThat(
            client
                .send(
                    HttpRequest.newBuilder(URI.create(server.url() + "/v2/")).build(),
                    BodyHandlers.ofString())
                .body())
        .contains("a token of another issuer");
  }

  @Test
  void whatItGetsEndsNoLaterThanItsToken() throws Exception {
    String token =
        issuer.sign(
            issuer.claims().expirationTime(Date.from(Instant.now().plusSeconds(60))).build());
    HttpResponse<String> issued = ask("GET", "/token?scope=repository:app:pull", "Bearer " + token);
    assertThat(new ObjectMapper().readTree(issued.body()).get("expires_in").asInt())
        .isBetween(30, 60);
    String other = issuer.sign(issuer.claims().audience("other").build());
    assertThat(ask("GET", "/token", "Bearer " + other).statusCode()).isEqualTo(401);
  }
}
