package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.policy.AccessPolicy;
import dev.stele.registry.Caller;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever loses a right while a long answer is on its way gets no more of it. */
class RightsLostTest {
  /** Longer than all that can be on its way to a client that does not read. */
  private static final int LONG = 20_000_000;

  private static final String LINE = "a".repeat(6_000);
  private static final int CALLERS = 80;
  private static final int EACH = 50;

  private static AccessPolicy policy(String may) throws Exception {
    return AccessPolicy.read(
        "access",
        new ObjectMapper()
            .readTree(
                """
                {"administrators": ["root"],
                 "rules": [{"repositories": ["**"], "users": ["ann"], "may": ["%s"]}]}
                """
                    .formatted(may)));
  }

  @Test
  void aLongAnswerEndsBeforeItsEnd(@TempDir Path folder) throws Exception {
    Path users =
        Files.writeString(
            folder.resolve("users"),
            "ann:" + BCrypt.withDefaults().hashToString(4, "pw".toCharArray()) + "\n");
    try (RegistryOnTestDatabase beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        SteleServer server =
            beneath.serve(
                ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                    .withHtpasswd(Optional.of(users))
                    .withAccess(Optional.of(policy("read-record"))))) {
      for (int i = 0; i < CALLERS * EACH; i++) {
        beneath
            .registry()
            .accesses()
            .read(new Caller("user" + i % CALLERS, "r"), LINE, Integer.toString(i));
      }
      beneath.registry().accesses().flush();
      HttpRequest asking =
          HttpRequest.newBuilder(
                  URI.create("http://" + server.address() + "/api/v1/events?format=csv"))
              .header(
                  "Authorization",
                  "Basic " + Base64.getEncoder().encodeToString("ann:pw".getBytes(UTF_8)))
              .build();
      assertThat(client.send(asking, BodyHandlers.ofByteArray()).body().length).isGreaterThan(LONG);

      HttpResponse<InputStream> answer = client.send(asking, BodyHandlers.ofInputStream());
      try (InputStream body = answer.body()) {
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(body.readNBytes(1_000)).hasSize(1_000);
        server.adopt(Optional.of(policy("pull")));
        assertThatIOException()
            .as("it is cut, so that nobody takes it for the whole")
            .isThrownBy(() -> body.transferTo(OutputStream.nullOutputStream()));
      }
      assertThat(client.send(asking, BodyHandlers.discarding()).statusCode()).isEqualTo(403);
    }
  }
}
