package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.TestManifest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A registry below a path of a host: nginx takes the path away and says so, or leaves it, and at
 * the root it is as ever. Whoever follows what the answers say stays below the path.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PathPrefixTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PASSWORD = "correct horse";

  private SteleProcess server;
  private Nginx nginx;
  private HttpClient client;
  private PrivateAuthority authority;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    authority = PrivateAuthority.in(folder);
    Path users =
        Files.writeString(
            folder.resolve("users"),
            "root:" + BCrypt.withDefaults().hashToString(4, PASSWORD.toCharArray()) + "\n");
    Path configuration =
        Files.writeString(
            folder.resolve("stele.yaml"),
            """
            htpasswd: %s
            http: {proxies: [127.0.0.1], path-prefix: /kept}
            access: {administrators: [root], rules: []}
            """
                .formatted(users));
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(),
            List.of(),
            List.of("--config", configuration.toString()),
            Optional.empty());
    nginx = Nginx.before(folder.resolve("nginx"), authority, locations(server.base().getPort()));
    client = HttpClient.newBuilder().sslContext(authority.trusted()).build();
  }

  private static String locations(int server) {
    return """
    location /taken/ {
      proxy_pass http://127.0.0.1:%1$d/;
      proxy_set_header X-Forwarded-Prefix /taken;
    }
    location /kept/ {
      proxy_pass http://127.0.0.1:%1$d;
      proxy_set_header X-Forwarded-Prefix "";
    }
    location / {
      proxy_pass http://127.0.0.1:%1$d;
      proxy_set_header X-Forwarded-Prefix "";
    }
    """
        .formatted(server);
  }

  @AfterAll
  void stop() throws Exception {
    client.close();
    nginx.close();
    server.close();
  }

  private HttpResponse<String> send(
      String authorization, String method, URI address, BodyPublisher body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).method(method, body);
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }
    if (address.getPath().contains("/manifests/")) {
      request.header("Content-Type", "application/vnd.oci.image.index.v1+json");
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> get(String authorization, URI address) throws Exception {
    return send(authorization, "GET", address, BodyPublishers.noBody());
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElseThrow();
  }

  /** A token as clients get one: from where the challenge says. */
  private String token(URI base, String scope) throws Exception {
    HttpResponse<String> asked = get("", base.resolve("v2/"));
    assertThat(asked.statusCode()).isEqualTo(401);
    Matcher realm =
        Pattern.compile("Bearer realm=\"([^\"]*)\",service=\"stele\".*")
            .matcher(header(asked, "WWW-Authenticate"));
    assertThat(realm.matches()).isTrue();
    assertThat(realm.group(1)).isEqualTo(base + "token");
    HttpResponse<String> answer =
        get(
            "Basic " + Base64.getEncoder().encodeToString(("root:" + PASSWORD).getBytes(UTF_8)),
            URI.create(realm.group(1) + "?service=stele&scope=" + scope));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return "Bearer " + JSON.readTree(answer.body()).required("token").asText();
  }

  @ParameterizedTest
  @CsvSource({"/taken/, taken/app", "/kept/, kept/app", "/, root/app"})
  void whoFollowsTheAnswersStaysBelowThePath(String path, String repository) throws Exception {
    URI base = URI.create("https://localhost:%d%s".formatted(nginx.port(), path));
    String token = token(base, "repository:" + repository + ":pull,push");
    byte[] blob = repository.getBytes(UTF_8);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, blob);

    URI uploads = base.resolve("v2/" + repository + "/blobs/uploads/");
    HttpResponse<String> begun = send(token, "POST", uploads, BodyPublishers.noBody());
    assertThat(begun.statusCode()).as(begun.body()).isEqualTo(202);
    URI session = below(base, uploads, header(begun, "Location"));
    HttpResponse<String> chunk =
        send(token, "PATCH", session, BodyPublishers.ofByteArray(blob, 0, 4));
    assertThat(chunk.statusCode()).as(chunk.body()).isEqualTo(202);
    session = below(base, session, header(chunk, "Location"));
    HttpResponse<String> finished =
        send(
            token,
            "PUT",
            URI.create(session + "?digest=" + digest),
            BodyPublishers.ofByteArray(blob, 4, blob.length - 4));
    assertThat(finished.statusCode()).as(finished.body()).isEqualTo(201);
    assertThat(get(token, below(base, session, header(finished, "Location"))).body())
        .isEqualTo(repository);

    byte[] index = TestManifest.index().bytes();
    for (int i = 0; i < 5; i++) {
      URI manifest = base.resolve("v2/" + repository + "/manifests/v" + i);
      HttpResponse<String> put = send(token, "PUT", manifest, BodyPublishers.ofByteArray(index));
      assertThat(put.statusCode()).as(put.body()).isEqualTo(201);
      assertThat(get(token, below(base, manifest, header(put, "Location"))).statusCode())
          .isEqualTo(200);
    }
    List<String> tags = new ArrayList<>();
    Optional<URI> page = Optional.of(base.resolve("v2/" + repository + "/tags/list?n=2"));
    while (page.isPresent()) {
      HttpResponse<String> answer = get(token, page.get());
      JSON.readTree(answer.body()).required("tags").forEach(tag -> tags.add(tag.asText()));
      URI from = page.get();
      page = next(answer).map(link -> below(base, from, link));
    }
    assertThat(tags).containsExactly("v0", "v1", "v2", "v3", "v4");

    String everything =
        "Basic " + Base64.getEncoder().encodeToString(("root:" + PASSWORD).getBytes(UTF_8));
    URI moves = base.resolve("api/v1/tag-moves?limit=2&repository=" + repository);
    int rows = 0;
    Optional<URI> more = Optional.of(moves);
    while (more.isPresent()) {
      HttpResponse<String> answer = get(everything, more.get());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      JsonNode json = JSON.readTree(answer.body());
      rows += json.required("items").size();
      URI from = more.get();
      more = next(answer).map(link -> below(base, from, link));
      assertThat(Optional.ofNullable(json.get("next")).map(link -> from.resolve(link.asText())))
          .isEqualTo(more);
    }
    assertThat(rows).isEqualTo(5);
    assertThat(get(everything, base.resolve("livez")).statusCode()).isEqualTo(200);
  }

  private static Optional<String> next(HttpResponse<?> answer) {
    return answer
        .headers()
        .firstValue("Link")
        .map(
            link -> {
              assertThat(link).startsWith("<").endsWith(">; rel=\"next\"");
              return link.substring(1, link.indexOf('>'));
            });
  }

  private static URI below(URI base, URI from, String reference) {
    URI resolved = from.resolve(reference);
    assertThat(resolved.toString()).startsWith(base.toString());
    return resolved;
  }

  @ParameterizedTest
  @CsvSource({"/taken", "/kept"})
  void theCommandLineAsksBelowThePath(String path) throws Exception {
    SteleProcess.CommandResult told =
        SteleProcess.run(
            Map.of("STELE_PASSWORD", PASSWORD),
            List.of(
                "-Djavax.net.ssl.trustStore=" + authority.store(),
                "-Djavax.net.ssl.trustStorePassword=" + PrivateAuthority.PASSWORD),
            List.of(
                "events",
                "--csv",
                "--server",
                "https://localhost:" + nginx.port() + path,
                "--user",
                "root"));
    assertThat(told.exitStatus()).as(told.output()).isZero();
    assertThat(told.output()).startsWith("position,");
  }
}
