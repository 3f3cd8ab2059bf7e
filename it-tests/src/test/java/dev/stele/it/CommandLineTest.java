package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.TestManifest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Whom commands ask and as whom: a server far off, the one of the data folder, or themselves. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommandLineTest {
  private static final String USER =
      "ann:$2a$04$9nDNCSXX8beJe5Fo5rsi/ePvuyFEk5z.z9E/SLheV5opgNnkSBe1.\n";
  private static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString("ann:secret".getBytes(UTF_8));
  private static final String OPERATOR =
      "cli:" + ProcessHandle.current().info().user().orElseThrow();

  private Path folder;
  private SteleProcess server;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    Path users = Files.writeString(folder.resolve("users"), USER);
    server = SteleProcess.start(folder.resolve("data"), Map.of("STELE_HTPASSWD", users.toString()));
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> put =
          client.send(
              HttpRequest.newBuilder(server.base().resolve("/v2/team/app/manifests/v1"))
                  .header("Content-Type", "application/vnd.oci.image.index.v1+json")
                  .header("Authorization", BASIC)
                  .PUT(BodyPublishers.ofByteArray(TestManifest.index().bytes()))
                  .build(),
              BodyHandlers.ofString());
      assertThat(put.statusCode()).as(put.body()).isEqualTo(201);
    }
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
  }

  private SteleProcess.CommandResult far(String password, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", server.base().toString()));
    return SteleProcess.run(
        Map.of("STELE_PASSWORD", password, "XDG_CONFIG_HOME", folder.resolve("none").toString()),
        all.toArray(String[]::new));
  }

  private static SteleProcess.CommandResult here(Path data, String... arguments)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--data", data.toString()));
    return SteleProcess.run(all.toArray(String[]::new));
  }

  private static Path access(Path data) {
    return data.resolve("local-access.json");
  }

  @Test
  void aUserOfTheServerAsksFromAnywhere() throws Exception {
    SteleProcess.CommandResult tags = far("secret", "tags", "team/app", "--user", "ann");
    assertThat(tags.exitStatus()).as(tags.output()).isZero();
    assertThat(tags.output()).startsWith("NAME  DIGEST").contains("\nv1    sha256:");
    SteleProcess.CommandResult placed =
        far("secret", "hold", "place", "far/**", "--reason", "x", "--user", "ann", "--json");
    assertThat(placed.output()).contains("\"actor\":\"ann\"", "\"coversNothing\":true");
    SteleProcess.CommandResult wrong = far("wrong", "tags", "team/app", "--user", "ann");
    assertThat(wrong.exitStatus()).isEqualTo(1);
    assertThat(wrong.output()).contains("does not let ann in with that password").hasLineCount(1);
    SteleProcess.CommandResult nobody = far("secret", "tags", "team/app");
    assertThat(nobody.exitStatus()).isEqualTo(1);
    assertThat(nobody.output()).contains("requires a user: name one with --user").hasLineCount(1);
  }

  @Test
  void aLoginIsKeptUntilTheLogout() throws Exception {
    Path home = folder.resolve("home");
    Map<String, String> environment =
        Map.of("XDG_CONFIG_HOME", home.toString(), "STELE_PASSWORD", "secret");
    String base = server.base().toString();
    SteleProcess.CommandResult wrong =
        SteleProcess.run(
            Map.of("XDG_CONFIG_HOME", home.toString(), "STELE_PASSWORD", "wrong"),
            "login",
            base,
            "--user",
            "ann");
    assertThat(wrong.exitStatus()).isEqualTo(1);
    Path file = home.resolve("stele").resolve("login.json");
    assertThat(file).doesNotExist();
    SteleProcess.CommandResult login =
        SteleProcess.run(environment, "login", base, "--user", "ann");
    assertThat(login.exitStatus()).as(login.output()).isZero();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    Map<String, String> later = Map.of("XDG_CONFIG_HOME", home.toString());
    for (String[] command :
        List.of(
            new String[] {"repositories"}, new String[] {"repositories", "--server", base + "/"})) {
      SteleProcess.CommandResult asked = SteleProcess.run(later, command);
      assertThat(asked.exitStatus()).as(asked.output()).isZero();
      assertThat(asked.output()).contains("team/app");
    }
    assertThat(SteleProcess.run(later, "logout").exitStatus()).isZero();
    assertThat(file).doesNotExist();
    assertThat(SteleProcess.run(later, "logout").output()).contains("There was no login");
  }

  @Test
  void whoWorksOnTheMachineAsksTheServerOfTheDataFolder() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(access(server.data()))))
        .isEqualTo("rw-------");
    SteleProcess.CommandResult placed =
        here(server.data(), "hold", "place", "near/**", "--reason", "x", "--csv");
    assertThat(placed.exitStatus()).as(placed.output()).isZero();
    assertThat(placed.output()).startsWith("id,repositories,").contains("," + OPERATOR + ",");
    assertThat(here(server.data(), "tag-moves").exitStatus()).isZero();
    // It was the server that was asked.
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> metrics =
          client.send(
              HttpRequest.newBuilder(server.base().resolve("/metrics"))
                  .header("Authorization", BASIC)
                  .build(),
              BodyHandlers.ofString());
      assertThat(metrics.body()).contains("route=\"/api/v1/tag-moves\"");
    }
  }

  @Test
  void aServerThatStoppedOrWasKilledIsNotAsked() throws Exception {
    Path data = folder.resolve("other");
    try (SteleProcess first = SteleProcess.start(data)) {
      first.client().push("team/app", "v1", SmallImages.image("one"));
      first.kill9();
    }
    assertThat(access(data)).exists();
    String killed = here(data, "tags", "team/app", "--json").output();
    assertThat(killed).contains("\"name\":\"v1\"");
    try (SteleProcess second = SteleProcess.start(data)) {
      assertThat(here(data, "tags", "team/app", "--json").output()).isEqualTo(killed);
      second.stop();
    }
    assertThat(access(data)).doesNotExist();
    SteleProcess.CommandResult placed =
        here(data, "hold", "place", "team/app", "--reason", "case 7");
    assertThat(placed.output()).matches("Hold \\S+ on repository team/app is in force\n");
    SteleProcess.CommandResult listed = here(data, "hold", "list", "--json");
    assertThat(listed.output()).contains("\"actor\":\"" + OPERATOR + "\"").hasLineCount(1);
    assertThat(access(data)).doesNotExist();
  }

  @Test
  void aFileThatOthersCouldReadIsRefused() throws Exception {
    Path data = Files.createDirectories(folder.resolve("open"));
    Files.copy(access(server.data()), access(data));
    Files.setPosixFilePermissions(access(data), PosixFilePermissions.fromString("rw-r--r--"));
    SteleProcess.CommandResult refused = here(data, "repositories");
    assertThat(refused.exitStatus()).isEqualTo(1);
    assertThat(refused.output()).contains("may be used by others").hasLineCount(1);
  }

  @Test
  void aFolderThatWasNeverUsedIsNoRegistry() throws Exception {
    SteleProcess.CommandResult refused = here(folder.resolve("never"), "repositories");
    assertThat(refused.exitStatus()).isEqualTo(1);
    assertThat(refused.output()).contains("there is no registry in").hasLineCount(1);
  }

  @Test
  void whatIsNoServerIsSaid() throws Exception {
    SteleProcess.CommandResult away =
        SteleProcess.run("repositories", "--server", URI.create("http://127.0.0.1:1").toString());
    assertThat(away.exitStatus()).isEqualTo(1);
    assertThat(away.output()).contains("cannot connect to http://127.0.0.1:1").hasLineCount(1);
  }

  @Test
  void bashCompletesCommands() throws Exception {
    SteleProcess.CommandResult script = SteleProcess.run("completion");
    assertThat(script.exitStatus()).isZero();
    assertThat(script.output()).contains("tag-history", "--password-stdin");
  }
}
