package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.gc.GcOptions;
import dev.stele.oci.Digest;
import dev.stele.policy.AccessPolicy;
import dev.stele.registry.RegistryOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What whoever pulls the past is told of what is gone. */
class PastOverHttpTest {
  private static final String POLICY =
      """
      administrators: [root]
      rules:
        - {repositories: ["public/**"], anonymous: true, may: [pull]}
      """;

  private static HttpResponse<String> send(
      SteleServer server, Optional<String> user, String method, String target, byte[] body)
      throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://" + server.address() + target))
              .method(method, BodyPublishers.ofByteArray(body));
      user.ifPresent(
          name ->
              request.header(
                  "Authorization",
                  "Basic " + Base64.getEncoder().encodeToString((name + ":pw").getBytes(UTF_8))));
      return client.send(request.build(), BodyHandlers.ofString());
    }
  }

  @Test
  void whoRemovedItIsToldToWhoeverMayReadTheRecord(@TempDir Path folder) throws Exception {
    Path users =
        Files.writeString(
            folder.resolve("users"),
            "root:" + BCrypt.withDefaults().hashToString(4, "pw".toCharArray()));
    byte[] blob = "soon gone".getBytes(UTF_8);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, blob);
    Optional<String> root = Optional.of("root");
    byte[] nothing = {};
    try (RegistryOnTestDatabase beneath =
            new RegistryOnTestDatabase(
                folder.resolve("blobs"),
                RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO)));
        SteleServer server =
            beneath.serve(
                ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                    .withHtpasswd(Optional.of(users))
                    .withAccess(
                        Optional.of(
                            AccessPolicy.read("access", new YAMLMapper().readTree(POLICY)))))) {
      String uploads = "/v2/public/app/blobs/uploads/?digest=" + digest;
      assertThat(send(server, root, "POST", uploads, blob).statusCode()).isEqualTo(201);
      String then = "/v2/at/p" + beneath.registry().log().newestPosition();
      String gone = then + "/public/app/blobs/" + digest;
      assertThat(send(server, Optional.empty(), "GET", gone, nothing).statusCode()).isEqualTo(200);
      String present = "/v2/public/app/blobs/" + digest;
      assertThat(send(server, root, "DELETE", present, nothing).statusCode()).isEqualTo(202);
      assertThat(beneath.collect().failure()).isEmpty();
      assertThat(beneath.collect().failure()).isEmpty();

      HttpResponse<String> told = send(server, root, "GET", gone, nothing);
      assertThat(told.statusCode()).isEqualTo(404);
      assertThat(told.body()).contains("root deleted it from the repository", "\"events\"");
      HttpResponse<String> bare = send(server, Optional.empty(), "GET", gone, nothing);
      assertThat(bare.statusCode()).isEqualTo(404);
      assertThat(bare.body())
          .contains("was there at position", "is no longer kept")
          .doesNotContain("root", "events");
    }
  }
}
