package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import land.oras.ArtifactType;
import land.oras.ContainerRef;
import land.oras.LocalPath;
import land.oras.Registry;
import land.oras.exception.OrasException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * What people use signs in by tokens at a server with TLS, whose certificate is of a private
 * authority, and may do what the policy says. Each test has a repository of its own.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ResourceLock("podman") // Its locks are the machine's, whatever its storage.
class AccessClientsTest {
  private static final String PASSWORD = "correct horse";
  private static final ArtifactType REPORT = ArtifactType.from("application/vnd.example.report");

  private static final String POLICY =
      """
      access:
        administrators: [root]
        rules:
          - {repositories: ["public/**"], anonymous: true, may: [pull]}
          - {repositories: ["public/**"], users: [pusher], may: [pull, push]}
          - {repositories: ["team/**"], users: [pusher], may: [pull, push]}
          - {repositories: ["team/**"], users: [reader], may: [pull]}
          - {repositories: ["job/**"], users: ["ci:team/app"], may: [pull, push]}
          - {repositories: ["team/**"], users: [robot+ci], may: [pull, push]}
      """;

  private static final String AUDIENCE = "https://registry.example.com";

  private Path folder;
  private RSAKey issuerKey;
  private PrivateAuthority authority;
  private SteleProcess server;
  private String host;

  /** What the configuration has beside users and policy. */
  String configuration(PrivateAuthority files) {
    return "tls: {certificate: %s, key: %s}\n".formatted(files.certificate(), files.key());
  }

  /** Starts what clients talk to, and returns its port. */
  int serve(Path below, PrivateAuthority files) throws Exception {
    return start(below, Optional.of(files.trusted()));
  }

  /** Starts the server itself, and returns its port. */
  final int start(Path below, Optional<SSLContext> trust) throws Exception {
    server =
        SteleProcess.start(
            below.resolve("data"),
            Map.of(),
            List.of(),
            List.of("--config", below.resolve("stele.yaml").toString()),
            trust);
    return server.base().getPort();
  }

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    authority = PrivateAuthority.in(folder);
    StringBuilder users = new StringBuilder();
    for (String user : List.of("root", "pusher", "reader")) {
      users.append(user).append(':');
      users.append(BCrypt.withDefaults().hashToString(4, PASSWORD.toCharArray())).append('\n');
    }
    Path file = Files.writeString(folder.resolve("users"), users);
    Files.writeString(
        folder.resolve("stele.yaml"),
        "htpasswd: " + file + "\n" + configuration(authority) + issuer() + POLICY);
    // By name, so that a challenge with an address would be noticed.
    host = "localhost:" + serve(folder, authority);
  }

  /** An issuer of tokens whose public key the server has. */
  private String issuer() throws Exception {
    issuerKey = new RSAKeyGenerator(2048).keyID("ci").generate();
    Path keys =
        Files.writeString(
            folder.resolve("jwks.json"), new JWKSet(issuerKey.toPublicJWK()).toString());
    return "oidc: {ci: {issuer: 'https://ci.example.com', audience: %s, jwks-file: %s}}\n"
        .formatted(AUDIENCE, keys);
  }

  /** A token that a job has from its CI system. */
  private String jobToken(String job) throws Exception {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("ci").build(),
            new JWTClaimsSet.Builder()
                .issuer("https://ci.example.com")
                .audience(AUDIENCE)
                .subject(job)
                .expirationTime(Date.from(Instant.now().plusSeconds(300)))
                .build());
    token.sign(new RSASSASigner(issuerKey));
    return token.serialize();
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  /** Where a program keeps what somebody signed in by; nobody did, yet. */
  private Path credentials(String program, String user) throws IOException {
    return Files.writeString(folder.resolve(program + "-" + user + ".json"), "{}");
  }

  /** A program that signed in. */
  private Path signIn(Program program, String user) throws Exception {
    return signIn(program, user, PASSWORD);
  }

  private Path signIn(Program program, String user, String password) throws Exception {
    Path credentials = credentials(program.executable().getFileName().toString(), user);
    program.run(
        "login",
        "--cert-dir",
        authority.folder(),
        "--authfile",
        credentials,
        "--username",
        user,
        "--password",
        password,
        host);
    return credentials;
  }

  private static Program skopeo() {
    return Program.onPath("skopeo").with("--insecure-policy");
  }

  private void push(Path credentials, ImageFixture.Image image, String name) throws Exception {
    Path layout = Files.createTempDirectory(folder, "in");
    ImageFixture.writeLayout(layout, "v1", image.manifest(), image.contents());
    skopeo()
        .run(
            "copy",
            "--dest-cert-dir",
            authority.folder(),
            "--dest-authfile",
            credentials,
            "oci:" + layout + ":v1",
            "docker://" + host + "/" + name);
  }

  /** That whoever these credentials are of pulls exactly that. */
  private void assertPulls(Path credentials, String name, ImageFixture.Image image)
      throws Exception {
    Path layout = Files.createTempDirectory(folder, "out");
    skopeo()
        .run(
            "copy",
            "--src-cert-dir",
            authority.folder(),
            "--src-authfile",
            credentials,
            "docker://" + host + "/" + name,
            "oci:" + layout + ":v1");
    for (Content content : image.contents()) {
      assertThat(layout.resolve("blobs").resolve("sha256").resolve(content.digest().hex()))
          .hasBinaryContent(content.bytes());
    }
  }

  @Test
  void aChallengeNamesWhatTheClientAsked() throws Exception {
    for (HttpClient.Version version :
        List.of(HttpClient.Version.HTTP_1_1, HttpClient.Version.HTTP_2)) {
      HttpResponse<Void> answer = ask(version);
      assertThat(answer.statusCode()).isEqualTo(401);
      assertThat(answer.version()).isEqualTo(version);
      assertThat(RegistryClient.header(answer, "WWW-Authenticate"))
          .startsWith("Bearer realm=\"https://" + host + "/token\",");
    }
  }

  @Test
  void skopeoPushesAndPullsByWhomThePolicySays() throws Exception {
    Path pusher = signIn(skopeo(), "pusher");
    Path reader = signIn(skopeo(), "reader");
    ImageFixture.Image image = ImageFixture.image(1);
    push(pusher, image, "team/skopeo:v1");
    assertPulls(pusher, "team/skopeo:v1", image);
    assertPulls(reader, "team/skopeo:v1", image);
    assertThatThrownBy(() -> push(reader, ImageFixture.image(2), "team/skopeo:v2"))
        .hasMessageContaining("denied: reader may not push in team/skopeo");
    push(signIn(skopeo(), "root"), image, "closed/skopeo:v1");
    assertThatThrownBy(() -> assertPulls(reader, "closed/skopeo:v1", image))
        .hasMessageContaining("there is no repository closed/skopeo");
  }

  private JsonNode robot(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("robot"));
    all.addAll(List.of(command));
    all.add("--json");
    SteleProcess.CommandResult told = stele("root", trust(), all.toArray(String[]::new));
    assertThat(told.exitStatus()).as(told.output()).isZero();
    return new ObjectMapper().readTree(told.output());
  }

  @Test
  void aRobotPushesAndPullsByTheKeyThatCounts() throws Exception {
    JsonNode first = robot("create", "ci", "--description", "Builds", "--expires", "1d");
    Path old = signIn(skopeo(), "robot+ci", first.required("key").asText());
    ImageFixture.Image image = ImageFixture.image(10);
    push(old, image, "team/robot:v1");
    String kept = Files.readString(old);
    JsonNode second = robot("key", "issue", "ci");
    Path renewed = signIn(skopeo(), "robot+ci", second.required("key").asText());
    assertPulls(renewed, "team/robot:v1", image);
    Path before = Files.writeString(folder.resolve("before.json"), kept);
    assertPulls(before, "team/robot:v1", image);
    JsonNode _ = robot("key", "revoke", "ci", first.required("keyId").asText());
    assertThatThrownBy(() -> assertPulls(before, "team/robot:v1", image))
        .hasMessageContaining("unauthorized");
    push(renewed, ImageFixture.image(11), "team/robot:v2");
    assertThatThrownBy(() -> push(renewed, image, "closed/robot:v1"))
        .hasMessageContaining("denied: robot+ci may not push in closed/robot");
    JsonNode _ = robot("remove", "ci");
    assertThatThrownBy(() -> assertPulls(renewed, "team/robot:v1", image))
        .hasMessageContaining("unauthorized");
    SteleProcess.CommandResult record =
        stele("root", trust(), "events", "--actor", "robot+ci", "--no-trunc");
    assertThat(record.output()).contains("ManifestPut").doesNotContain("stele_rk_");
  }

  @Test
  void aJobSignsInByTheTokenThatItHas() throws Exception {
    ImageFixture.Image image = ImageFixture.image(17);
    for (String program : List.of("skopeo", "podman")) {
      Path job =
          signIn(
              program.equals("skopeo") ? skopeo() : Program.onPath(program),
              "oidc",
              jobToken("team/app"));
      push(job, image, "job/" + program + ":v1");
      assertPulls(job, "job/" + program + ":v1", image);
    }
    Path other = signIn(skopeo(), "oidc", jobToken("team/web"));
    assertThatThrownBy(() -> push(other, image, "job/skopeo:v2"))
        .hasMessageContaining("denied: ci:team/web may not push in job/skopeo");
    assertThatThrownBy(() -> signIn(skopeo(), "oidc", jobToken("team/app") + "x"))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void whoeverDidNotSignInPullsWhatIsPublicAndIsAskedToSignInForMore() throws Exception {
    Path pusher = signIn(skopeo(), "pusher");
    ImageFixture.Image image = ImageFixture.image(3);
    push(pusher, image, "public/anonymous:v1");
    push(pusher, image, "team/anonymous:v1");
    Path nobody = credentials("skopeo", "nobody");
    assertPulls(nobody, "public/anonymous:v1", image);
    assertThatThrownBy(() -> push(nobody, image, "public/anonymous:v2"))
        .hasMessageContaining("sign in by a user name and its password");
    assertThatThrownBy(() -> assertPulls(nobody, "team/anonymous:v1", image))
        .hasMessageContaining("sign in by a user name and its password");
  }

  @Test
  void aTagMovesByWhoMayMoveIt() throws Exception {
    Path pusher = signIn(skopeo(), "pusher");
    ImageFixture.Image first = ImageFixture.image(4);
    ImageFixture.Image second = ImageFixture.image(5);
    push(pusher, first, "team/moves:v1");
    push(pusher, first, "team/moves:v1");
    assertThatThrownBy(() -> push(pusher, second, "team/moves:v1"))
        .hasMessageContaining("tag v1 of team/moves points to " + first.manifest().digest());
    assertPulls(pusher, "team/moves:v1", first);
    push(signIn(skopeo(), "root"), second, "team/moves:v1");
    assertPulls(pusher, "team/moves:v1", second);
  }

  /** Podman or buildah with a storage of its own below the test's folder. */
  private Program withOwnStorage(String name) throws IOException {
    Path containers = folder.resolve("containers.conf");
    Files.writeString(
        containers, "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n");
    return Program.onPath(name)
        .withEnvironment("CONTAINERS_CONF", containers.toString())
        .with("--root", folder.resolve(name).toString())
        .with("--runroot", folder.resolve(name + "-run").toString())
        .with("--storage-driver", "vfs");
  }

  @Test
  void podmanPushesAndPulls() throws Exception {
    pushesAndPulls("podman", 6);
  }

  @Test
  void buildahPushesAndPulls() throws Exception {
    pushesAndPulls("buildah", 7);
  }

  private void pushesAndPulls(String name, int seed) throws Exception {
    Program program = withOwnStorage(name);
    Path pusher = signIn(program, "pusher");
    Path reader = signIn(program, "reader");
    ImageFixture.Image image = ImageFixture.image(seed);
    push(signIn(skopeo(), "pusher"), image, "team/" + name + ":base");
    Object[] options = {"--quiet", "--cert-dir", authority.folder(), "--authfile"};
    String base = host + "/team/" + name + ":base";
    String copy = host + "/team/" + name + ":copy";
    String id = program.run(with(options, "pull", reader, base)).strip();
    program.run(with(options, "push", pusher, base, copy));
    assertThatThrownBy(() -> program.run(with(options, "push", reader, base, copy + "2")))
        .hasMessageContaining("denied: reader may not push in team/" + name);
    program.run("rmi", "--all", "--force");
    assertThat(program.run(with(options, "pull", reader, copy)).strip()).isEqualTo(id);
    program.run("rmi", "--all", "--force");
  }

  private static Object[] with(Object[] options, String command, Object... arguments) {
    List<Object> all = new ArrayList<>();
    all.add(command);
    all.addAll(List.of(options));
    all.addAll(List.of(arguments));
    return all.toArray();
  }

  private Registry oras(String user) {
    return Registry.builder()
        .defaults(host, user, PASSWORD)
        .withCaFile(authority.folder().resolve("ca.crt"))
        .build();
  }

  @Test
  void orasPushesAndPulls() throws Exception {
    ContainerRef reference = ContainerRef.parse(host + "/team/oras:v1");
    Path report =
        Files.writeString(
            Files.createDirectories(folder.resolve("oras")).resolve("report"), "all is well");
    LocalPath path = LocalPath.of(report, "text/plain");
    oras("pusher").pushArtifact(reference, REPORT, path);
    Path pulled = Files.createDirectories(folder.resolve("oras-pulled"));
    oras("reader").pullArtifact(reference, pulled, true);
    assertThat(pulled.resolve("report")).hasContent("all is well");
    ContainerRef another = ContainerRef.parse(host + "/team/oras:v2");
    Files.writeString(report, "all is better");
    assertThatThrownBy(() -> oras("reader").pushArtifact(another, REPORT, path))
        .isInstanceOf(OrasException.class);
    assertThat(oras("pusher").getTags(reference).tags()).containsExactly("v1");
  }

  private List<String> trust() {
    return List.of(
        "-Djavax.net.ssl.trustStore=" + authority.store(),
        "-Djavax.net.ssl.trustStorePassword=" + PrivateAuthority.PASSWORD);
  }

  @Test
  void jibBuildsOnABaseThatItPulls() throws Exception {
    ImageFixture.Image base = ImageFixture.image(8);
    Path pusher = signIn(skopeo(), "pusher");
    push(pusher, base, "team/jib-base:v1");
    Path file = Files.writeString(folder.resolve("message"), "on top");
    Program java =
        new Program(Path.of(System.getProperty("java.home"), "bin", "java"), List.of(), Map.of())
            .with(trust().toArray(String[]::new))
            .with("-cp", System.getProperty("java.class.path"), JibProgram.class.getName());
    String digest =
        java.run(
                host + "/team/jib-base:v1",
                host + "/team/jib:v1",
                base.architecture(),
                file,
                folder.resolve("jib"),
                "pusher",
                PASSWORD)
            .strip();
    assertThat(
            new ObjectMapper()
                .readTree(
                    skopeo()
                        .run(
                            "inspect",
                            "--cert-dir",
                            authority.folder(),
                            "--authfile",
                            pusher,
                            "docker://" + host + "/team/jib:v1"))
                .required("Digest")
                .asText())
        .isEqualTo(digest);
  }

  private SteleProcess.CommandResult stele(String user, List<String> jvmOptions, String... command)
      throws Exception {
    List<String> all = new ArrayList<>(List.of(command));
    all.addAll(List.of("--server", "https://" + host, "--user", user));
    return SteleProcess.run(
        Map.of("STELE_PASSWORD", PASSWORD, "XDG_CONFIG_HOME", folder.resolve("none").toString()),
        jvmOptions,
        all);
  }

  @Test
  void theCommandLineAsksByHttps() throws Exception {
    push(signIn(skopeo(), "pusher"), ImageFixture.image(9), "team/asked:v1");
    SteleProcess.CommandResult told =
        stele("root", trust(), "events", "--repository", "team/asked");
    assertThat(told.exitStatus()).as(told.output()).isZero();
    assertThat(told.output()).contains("TagMoved").contains("pusher");
    SteleProcess.CommandResult refused =
        stele("reader", trust(), "events", "--repository", "team/asked");
    assertThat(refused.exitStatus()).isNotZero();
    assertThat(refused.output()).contains("there is no repository team/asked");
    SteleProcess.CommandResult stranger = stele("root", List.of(), "events");
    assertThat(stranger.exitStatus()).isNotZero();
    assertThat(stranger.output()).contains("certificate");
  }

  @Test
  void commandsOfThisMachineAskTheServerOfTheDataFolder() throws Exception {
    SteleProcess.CommandResult told =
        SteleProcess.run("repositories", "--data", folder.resolve("data").toString());
    assertThat(told.exitStatus()).as(told.output()).isZero();
  }

  /** How what clients talk to answers to the credential of this machine. */
  final int asLocal() throws Exception {
    String token =
        new ObjectMapper()
            .readTree(Files.readString(folder.resolve("data/local-access.json"), UTF_8))
            .required("token")
            .asText();
    return ask(
            HttpClient.Version.HTTP_1_1,
            "Authorization",
            "Bearer " + token,
            "X-Stele-Operator",
            "root")
        .statusCode();
  }

  private HttpResponse<Void> ask(HttpClient.Version version, String... headers) throws Exception {
    try (HttpClient client =
        HttpClient.newBuilder().version(version).sslContext(authority.trusted()).build()) {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("https://" + host + "/v2/"));
      if (headers.length > 0) {
        request.headers(headers);
      }
      return client.send(request.build(), BodyHandlers.discarding());
    }
  }
}
