package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.policy.AccessPolicy;
import dev.stele.registry.EventFilter;
import dev.stele.server.auth.ClientCertificates;
import dev.stele.server.auth.ClientCertificates.Name;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that sign in by a certificate. */
class ClientCertificatesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String POLICY =
      """
      rules:
        - {repositories: ["**"], users: ["cert:builder", "cert:spiffe://example.com/builder"], may: [push, pull]}
        - {repositories: ["**"], groups: ["cert:ops"], may: [pull]}
        - {repositories: ["**"], users: [mary], may: [pull]}
      """;

  @TempDir private Path folder;
  private RegistryOnTestDatabase beneath;
  private TestAuthority authority;
  private TestCertificate own;
  private SteleServer server;

  @BeforeEach
  void open() throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    authority = TestAuthority.named("CN=clients");
    own = TestCertificate.of("EC", Duration.ofDays(1));
    Files.writeString(folder.resolve("ca.pem"), TestCertificate.pem(authority.certificate()));
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
    beneath.close();
  }

  private void serve(boolean required, Name name, Optional<Path> revoked) throws Exception {
    ServerSettings settings =
        ServerSettings.on(new ListenAddress("127.0.0.1", 0))
            .withHtpasswd(
                Optional.of(
                    Files.writeString(
                        folder.resolve("users"),
                        "mary:" + BCrypt.withDefaults().hashToString(4, "secret".toCharArray()))))
            .withAccess(Optional.of(AccessPolicy.read("access", new YAMLMapper().readTree(POLICY))))
            .withTls(
                own.write(folder)
                    .withClients(
                        new ClientCertificates(
                            folder.resolve("ca.pem"), required, name, true, revoked)));
    SteleServer.check(settings);
    server = beneath.serve(settings);
  }

  private HttpResponse<String> ask(
      SSLContext context, String method, String target, String... headers) throws Exception {
    try (HttpClient client =
        HttpClient.newBuilder().sslContext(context).version(Version.HTTP_2).build()) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(server.url() + target))
              .method(method, BodyPublishers.noBody());
      if (headers.length > 0) {
        request.headers(headers);
      }
      return client.send(request.build(), BodyHandlers.ofString());
    }
  }

  private SSLContext of(TestAuthority.Issued client) throws Exception {
    return TestAuthority.context(client, own);
  }

  @Test
  void whoHasACertificateIsWhoItSays() throws Exception {
    serve(false, Name.CN, Optional.empty());
    TestAuthority.Issued builder = authority.issue("CN=builder,O=team");
    SSLContext context = of(builder);

    assertThat(ask(context, "POST", "/v2/app/blobs/uploads/").statusCode()).isEqualTo(202);
    String digest = "sha256:" + HexFormat.of().formatHex(sha256(new byte[0]));
    assertThat(ask(context, "POST", "/v2/app/blobs/uploads/?digest=" + digest).statusCode())
        .isEqualTo(201);
    assertThat(beneath.registry().log().events(-1, 10, EventFilter.ALL))
        .anySatisfy(event -> assertThat(event.toString()).contains("cert:builder"));

    // By a token that it is given, as clients do.
    HttpResponse<String> issued = ask(context, "GET", "/token?scope=repository:app:pull,push");
    String token = JSON.readTree(issued.body()).get("token").asText();
    assertThat(
            ask(own.trusted(), "POST", "/v2/app/blobs/uploads/", "Authorization", "Bearer " + token)
                .statusCode())
        .isEqualTo(202);
    JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(token.split("\\.", -1)[1]));
    assertThat(claims.get("sub").asText()).isEqualTo("cert:builder");
    assertThat(claims.get("kind").asText()).isEqualTo("CERTIFICATE");
    assertThat(claims.get("credential").asText())
        .isEqualTo(HexFormat.of().formatHex(sha256(builder.certificate().getEncoded())));

    // Somebody else of the same authority.
    assertThat(ask(of(authority.issue("CN=other")), "GET", "/v2/app/tags/list").statusCode())
        .isEqualTo(404);
    SSLContext ops = of(authority.issue("CN=joe,OU=ops,OU=web"));
    assertThat(ask(ops, "GET", "/v2/app/tags/list").statusCode()).isEqualTo(200);
    assertThat(ask(ops, "POST", "/v2/app/blobs/uploads/").statusCode()).isEqualTo(403);
  }

  /** The handshake looks at it once, and a connection may last. */
  @Test
  void oneThatEndsCountsNoMoreOnAnOpenConnection() throws Exception {
    serve(false, Name.CN, Optional.empty());
    TestAuthority.Issued brief =
        authority.issue(KeyPurposeId.id_kp_clientAuth, Duration.ofSeconds(5), "CN=builder");
    try (HttpClient client = HttpClient.newBuilder().sslContext(of(brief)).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(server.url() + "/v2/_catalog")).build();
      assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
      Instant end = brief.certificate().getNotAfter().toInstant();
      while (!Instant.now().isAfter(end)) {
        Thread.sleep(20);
      }
      // By another connection there would be no answer at all.
      HttpResponse<String> after = client.send(request, BodyHandlers.ofString());
      assertThat(after.statusCode()).isEqualTo(401);
      assertThat(after.body()).contains("the certificate ended at " + end);
    }
    assertThatThrownBy(() -> ask(of(brief), "GET", "/v2/_catalog")).isInstanceOf(IOException.class);
  }

  @Test
  void aPasswordOutranksACertificateAndNothingIsNeeded() throws Exception {
    serve(false, Name.CN, Optional.empty());
    SSLContext builder = of(authority.issue("CN=builder"));
    String mary = "Basic " + Base64.getEncoder().encodeToString("mary:secret".getBytes(UTF_8));
    assertThat(ask(builder, "POST", "/v2/app/blobs/uploads/", "Authorization", mary).statusCode())
        .isEqualTo(403);
    assertThat(
            ask(own.trusted(), "POST", "/v2/app/blobs/uploads/", "Authorization", mary)
                .statusCode())
        .isEqualTo(403);
    HttpResponse<String> nobody = ask(own.trusted(), "GET", "/v2/");
    assertThat(nobody.statusCode()).isEqualTo(401);
    assertThat(nobody.body()).contains("a user name and its password, or a client certificate");
    // What a proxy may say of its clients is nothing here.
    assertThat(
            ask(
                    own.trusted(),
                    "GET",
                    "/v2/",
                    "X-Forwarded-Client-Cert",
                    "Subject=\"CN=builder\"",
                    "X-SSL-Client-S-DN",
                    "CN=builder")
                .statusCode())
        .isEqualTo(401);
  }

  @Test
  void whatIsNotOfTheAuthorityOrForAnotherUseConnectsNobody() throws Exception {
    serve(false, Name.CN, Optional.empty());
    for (TestAuthority.Issued client :
        new TestAuthority.Issued[] {
          // The name of the authority, but not its key.
          TestAuthority.named("CN=clients").issue("CN=builder"),
          TestAuthority.named("CN=others").issue("CN=builder"),
          authority.issue(KeyPurposeId.id_kp_serverAuth, Duration.ofDays(1), "CN=builder"),
          authority.issue(KeyPurposeId.id_kp_clientAuth, Duration.ofHours(-1), "CN=builder")
        }) {
      SSLContext context = of(client);
      assertThatThrownBy(
              () -> {
                HttpResponse<String> answer = ask(context, "GET", "/v2/");
                // A client does not send a certificate of whom the server does not name.
                if (answer.statusCode() == 401) {
                  throw new IOException("not signed in");
                }
              })
          .isInstanceOf(IOException.class);
    }
    // A name that nobody could tell.
    for (String subject : new String[] {"O=team", "CN=builder,CN=other", "CN=\\ "}) {
      assertThat(ask(of(authority.issue(subject)), "GET", "/v2/").statusCode())
          .as(subject)
          .isEqualTo(401);
    }
  }

  @Test
  void whereOneIsRequiredNobodyConnectsWithout() throws Exception {
    serve(true, Name.URI, Optional.empty());
    assertThatThrownBy(() -> ask(own.trusted(), "GET", "/livez")).isInstanceOf(IOException.class);
    SSLContext builder =
        of(
            authority.issue(
                "CN=whatever",
                new GeneralName(
                    GeneralName.uniformResourceIdentifier, "spiffe://example.com/builder")));
    assertThat(ask(builder, "POST", "/v2/app/blobs/uploads/").statusCode()).isEqualTo(202);
    assertThat(ask(of(authority.issue("CN=builder")), "GET", "/v2/").statusCode()).isEqualTo(401);
    assertThat(
            ask(
                    of(
                        authority.issue(
                            "CN=x",
                            new GeneralName(
                                GeneralName.uniformResourceIdentifier,
                                "spiffe://example.com/builder"),
                            new GeneralName(
                                GeneralName.uniformResourceIdentifier,
                                "spiffe://example.com/other"))),
                    "GET",
                    "/v2/")
                .statusCode())
        .isEqualTo(401);
  }

  @Test
  void oneThatIsRevokedConnectsNobodyOnceTheListSaysSo() throws Exception {
    TestAuthority.Issued builder = authority.issue("CN=builder");
    TestAuthority.Issued joe = authority.issue("CN=joe,OU=ops");
    Path list = folder.resolve("crl.pem");
    Files.writeString(list, "nothing");
    assertThatThrownBy(() -> serve(false, Name.CN, Optional.of(list)))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining("tls.client-crl")
        .hasMessageContaining("no BEGIN X509 CRL");
    Files.writeString(list, TestCertificate.pem(authority.revoke()));
    serve(false, Name.CN, Optional.of(list));
    assertThat(ask(of(builder), "GET", "/v2/").statusCode()).isEqualTo(200);

    Files.writeString(list, TestCertificate.pem(authority.revoke(builder.certificate())));
    Instant end = Instant.now().plusSeconds(20);
    while (true) {
      assertThat(ask(of(joe), "GET", "/v2/").statusCode()).isEqualTo(200);
      try {
        assertThat(ask(of(builder), "GET", "/v2/").statusCode()).isEqualTo(200);
        assertThat(Instant.now()).isBefore(end);
        Thread.sleep(300);
      } catch (IOException e) {
        break;
      }
    }
  }

  private static byte[] sha256(byte[] bytes) throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }
}
