package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.server.auth.LocalCredential;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in by the credential of the command line, and as whom. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LocalCredentialTest {
  private static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString("ann:secret".getBytes(StandardCharsets.UTF_8));

  private final LocalCredential credential = LocalCredential.random(false);
  private final LocalCredential alone = LocalCredential.random(true);
  private final HttpClient client = HttpClient.newHttpClient();
  private RegistryOnTestDatabase beneath;
  private SteleServer open;
  private SteleServer closed;
  private SteleServer exclusive;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    Path users =
        Files.writeString(
            folder.resolve("users"),
            "ann:"
                + at.favre.lib.crypto.bcrypt.BCrypt.withDefaults()
                    .hashToString(4, "secret".toCharArray()));
    ServerSettings settings = ServerSettings.on(new ListenAddress("127.0.0.1", 0));
    open = start(settings.withLocal(credential));
    closed = start(settings.withLocal(credential).withHtpasswd(Optional.of(users)));
    exclusive = start(settings.withLocal(alone));
  }

  private SteleServer start(ServerSettings settings) throws StartupException {
    return beneath.serve(settings);
  }

  @AfterAll
  void stop() throws Exception {
    client.close();
    open.close();
    closed.close();
    exclusive.close();
    beneath.close();
  }

  /** Places a hold, so that the record says who did it. */
  private HttpResponse<String> hold(SteleServer server, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + server.address() + "/api/v1/holds"))
            .POST(BodyPublishers.ofString("{\"repositories\":\"a\",\"reason\":\"test\"}"));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static String actor(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    return answer.body().replaceAll(".*\"actor\":\"([^\"]*)\".*", "$1");
  }

  @Test
  void whoHasItSaysForWhomTheyAct() throws Exception {
    for (SteleServer server : new SteleServer[] {open, closed}) {
      assertThat(
              actor(
                  hold(
                      server,
                      "Authorization",
                      credential.authorization(),
                      LocalCredential.OPERATOR,
                      "j%C3%BCrgen")))
          .isEqualTo("cli:j\u00fcrgen");
      HttpResponse<String> nameless = hold(server, "Authorization", credential.authorization());
      assertThat(nameless.statusCode()).isEqualTo(400);
      assertThat(nameless.body()).contains("X-Stele-Operator must name who asks");
    }
  }

  @Test
  void theNameCountsForNothingWithoutIt() throws Exception {
    assertThat(actor(hold(open, LocalCredential.OPERATOR, "root"))).isEqualTo("anonymous");
    assertThat(actor(hold(closed, "Authorization", BASIC, LocalCredential.OPERATOR, "root")))
        .isEqualTo("ann");
    assertThat(hold(closed, LocalCredential.OPERATOR, "root").statusCode()).isEqualTo(401);
  }

  @Test
  void aWrongOneIsNotAsIfItHadNotBeenSent() throws Exception {
    for (SteleServer server : new SteleServer[] {open, closed, exclusive}) {
      for (String wrong :
          new String[] {
            "Bearer x",
            "bearer " + credential.token().toLowerCase(java.util.Locale.ROOT),
            "Bearer " + LocalCredential.random(false).token(),
          }) {
        HttpResponse<String> refused =
            hold(server, "Authorization", wrong, LocalCredential.OPERATOR, "root");
        assertThat(refused.statusCode()).as(wrong).isEqualTo(401);
        assertThat(refused.headers().firstValue("WWW-Authenticate")).isPresent();
      }
    }
  }

  @Test
  void credentialsOfTwoKindsAreRefused() throws Exception {
    for (String[] both :
        new String[][] {{credential.authorization(), BASIC}, {BASIC, credential.authorization()}}) {
      HttpResponse<String> refused =
          hold(
              closed,
              "Authorization",
              both[0],
              "Authorization",
              both[1],
              LocalCredential.OPERATOR,
              "root");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("Authorization must not be given more than once");
      assertThat(
              hold(
                      closed,
                      "Authorization",
                      both[0] + ", " + both[1],
                      LocalCredential.OPERATOR,
                      "root")
                  .statusCode())
          .isEqualTo(401);
    }
  }

  @Test
  void aServerThatACommandIsToItselfLetsNobodyElseIn() throws Exception {
    assertThat(hold(exclusive).statusCode()).isEqualTo(401);
    assertThat(hold(exclusive, "Authorization", BASIC).statusCode()).isEqualTo(401);
    assertThat(
            hold(
                    exclusive,
                    "Authorization",
                    credential.authorization(),
                    LocalCredential.OPERATOR,
                    "root")
                .statusCode())
        .isEqualTo(401);
    assertThat(
            actor(
                hold(
                    exclusive,
                    "Authorization",
                    alone.authorization(),
                    LocalCredential.OPERATOR,
                    "root")))
        .isEqualTo("cli:root");
  }
}
