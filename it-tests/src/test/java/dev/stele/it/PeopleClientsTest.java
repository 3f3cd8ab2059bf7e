package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.server.auth.TestIssuer;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Somebody signs in at an issuer from the command line, and other clients go on by the session. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PeopleClientsTest {
  private static final Pattern TOKEN = Pattern.compile("stele_st_([0-9a-f]{12})_[A-Za-z0-9_-]{51}");

  private Path folder;
  private TestIssuer issuer;
  private SteleProcess server;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    issuer = new TestIssuer();
    Path secret = Files.writeString(folder.resolve("secret"), TestIssuer.SECRET + "\n");
    Path configuration =
        Files.writeString(
            folder.resolve("stele.yaml"),
            """
            oidc:
              corp:
                issuer: %s
                client-id: %s
                client-secret-file: %s
                user: "${email}"
            access:
              rules: [{repositories: ["**"], users: ["corp:mary@example.com"], may: [pull, push, read-record]}]
            """
                .formatted(issuer.url(), TestIssuer.CLIENT, secret));
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(),
            List.of(),
            List.of("--config", configuration.toString()));
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
    issuer.close();
  }

  private SteleProcess.CommandResult stele(String... arguments) throws Exception {
    return SteleProcess.run(
        Map.of("XDG_CONFIG_HOME", folder.resolve("home").toString()), arguments);
  }

  private SteleProcess.CommandResult login(String... more) throws Exception {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("login", server.base().toString(), "--oidc", "corp"));
    all.addAll(List.of(more));
    return stele(all.toArray(String[]::new));
  }

  private int ask(String authorization) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(server.base().resolve("/v2/"))
                  .header("Authorization", authorization)
                  .build(),
              BodyHandlers.discarding())
          .statusCode();
    }
  }

  private static Matcher token(String text) {
    Matcher token = TOKEN.matcher(text);
    assertThat(token.find()).as(text).isTrue();
    return token;
  }

  @Test
  void theCommandLineHasASessionUntilTheLogout() throws Exception {
    issuer.answersToDevices("authorization_pending", "slow_down");
    SteleProcess.CommandResult login = login();
    assertThat(login.exitStatus()).as(login.output()).isZero();
    assertThat(login.output())
        .contains("Open " + issuer.url() + "/enter and enter WDJB-MJHT")
        .contains("as corp:mary@example.com until ")
        .doesNotContain("stele_st_");
    Path file = folder.resolve("home").resolve("stele").resolve("login.json");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    String token = token(Files.readString(file)).group();
    assertThat(ask("Bearer " + token)).isEqualTo(200);
    SteleProcess.CommandResult events = stele("events", "--type", "SessionBegan");
    assertThat(events.exitStatus()).as(events.output()).isZero();
    assertThat(events.output()).contains("corp:mary@example.com");
    SteleProcess.CommandResult logout = stele("logout");
    assertThat(logout.exitStatus()).as(logout.output()).isZero();
    assertThat(file).doesNotExist();
    assertThat(ask("Bearer " + token)).isEqualTo(401);
  }

  @Test
  void whatIsRefusedOrMakesNoSenseIsSaid() throws Exception {
    issuer.answersToDevices("access_denied");
    SteleProcess.CommandResult denied = login();
    assertThat(denied.exitStatus()).isEqualTo(1);
    assertThat(denied.output()).contains("corp did not sign you in: access_denied");
    SteleProcess.CommandResult unknown =
        stele("login", server.base().toString(), "--oidc", "other");
    assertThat(unknown.exitStatus()).isEqualTo(1);
    assertThat(unknown.output()).contains("people sign in here by corp");
    SteleProcess.CommandResult both = login("--user", "ann");
    assertThat(both.exitStatus()).isEqualTo(2);
    assertThat(stele("login", "http://192.0.2.1", "--oidc", "corp").output())
        .contains("others could read the password on its way");
  }

  @Test
  void skopeoPushesAndPullsByTheTokenUntilTheSessionIsRevoked() throws Exception {
    Program skopeo = Program.onPath("skopeo").with("--insecure-policy");
    SteleProcess.CommandResult login = login("--print-token");
    assertThat(login.exitStatus()).as(login.output()).isZero();
    assertThat(folder.resolve("home").resolve("stele").resolve("login.json")).doesNotExist();
    Matcher token = token(login.output());
    String name = "docker://%s/team/app:v1".formatted(server.base().getAuthority());
    ImageFixture.Image image = ImageFixture.image(1);
    Path layout = Files.createTempDirectory(folder, "in");
    ImageFixture.writeLayout(layout, "v1", image.manifest(), image.contents());
    String as = "oidc:" + token.group();
    String _ =
        skopeo.run(
            "copy", "--dest-tls-verify=false", "--dest-creds", as, "oci:" + layout + ":v1", name);
    String _ = skopeo.run("inspect", "--tls-verify=false", "--creds", as, name);
    SteleProcess.CommandResult revoked =
        stele("session", "revoke", token.group(1), "--data", server.data().toString());
    assertThat(revoked.exitStatus()).as(revoked.output()).isZero();
    assertThat(revoked.output())
        .contains("Session %s of corp:mary@example.com has ended".formatted(token.group(1)));
    assertThat(stele("session", "list", "--data", server.data().toString()).output())
        .doesNotContain(token.group(1));
    assertThatThrownBy(() -> skopeo.run("inspect", "--tls-verify=false", "--creds", as, name))
        .hasMessageContaining("unauthorized");
    assertThat(ask("Basic " + Base64.getEncoder().encodeToString(as.getBytes(UTF_8))))
        .isEqualTo(401);
  }
}
