package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.Sizes;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.config.Configuration;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that proves who it is, and is asked over HTTP/1.1 and HTTP/2. */
class TlsTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir private Path folder;
  private RegistryOnTestDatabase beneath;

  @BeforeEach
  void open() throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
  }

  @AfterEach
  void close() {
    beneath.close();
  }

  private SteleServer serve(TlsFiles files) throws StartupException {
    return beneath.serve(ServerSettings.on(new ListenAddress("127.0.0.1", 0)).withTls(files));
  }

  private static HttpClient client(TestCertificate trusted, Version version) throws Exception {
    return HttpClient.newBuilder().sslContext(trusted.trusted()).version(version).build();
  }

  private static HttpResponse<byte[]> get(HttpClient client, SteleServer server, String target)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.url() + target)).build(),
        BodyHandlers.ofByteArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void aBlobGoesThereAndBackByEitherVersion(String algorithm) throws Exception {
    TestCertificate certificate = TestCertificate.of(algorithm, DAY);
    byte[] blob = new byte[3 << 20];
    new Random(1).nextBytes(blob);
    Digest digest = Sizes.digest(blob);
    try (SteleServer server = serve(certificate.write(folder))) {
      for (Version version : Version.values()) {
        try (HttpClient client = client(certificate, version)) {
          HttpResponse<byte[]> pushed =
              client.send(
                  HttpRequest.newBuilder(
                          URI.create(server.url() + "/v2/a/blobs/uploads/?digest=" + digest))
                      .POST(BodyPublishers.ofByteArray(blob))
                      .build(),
                  BodyHandlers.ofByteArray());
          assertThat(pushed.statusCode()).isEqualTo(201);
          assertThat(pushed.version()).isEqualTo(version);
          HttpResponse<byte[]> streamed =
              client.send(
                  HttpRequest.newBuilder(
                          URI.create(server.url() + "/v2/a/blobs/uploads/?digest=" + digest))
                      // Whose length nobody says.
                      .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(blob)))
                      .build(),
                  BodyHandlers.ofByteArray());
          assertThat(streamed.statusCode()).isEqualTo(201);
          HttpResponse<byte[]> pulled = get(client, server, "/v2/a/blobs/" + digest);
          assertThat(pulled.body()).isEqualTo(blob);
          assertThat(pulled.version()).isEqualTo(version);
          HttpResponse<byte[]> absent = get(client, server, "/v2/a/manifests/none");
          assertThat(absent.statusCode()).isEqualTo(404);
          HttpResponse<byte[]> large =
              client.send(
                  HttpRequest.newBuilder(URI.create(server.url() + "/v2/a/manifests/none"))
                      .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
                      .PUT(BodyPublishers.ofByteArray(new byte[5 << 20]))
                      .build(),
                  BodyHandlers.ofByteArray());
          assertThat(large.statusCode()).isEqualTo(413);
          assertThat(get(client, server, "/v2/").statusCode()).isEqualTo(200);
        }
      }
    }
  }

  @Test
  void aCertificateThatEndsSoonRaisesAnAlarmUntilThereIsAnother() throws Exception {
    TestCertificate ending = TestCertificate.of("EC", Duration.ofHours(1));
    try (SteleServer server = serve(ending.write(folder));
        HttpClient client = client(ending, Version.HTTP_1_1)) {
      assertThat(new String(get(client, server, "/readyz").body(), UTF_8))
          .contains("the server's certificate (tls.certificate) ends at")
          .contains("put a new one in its place");
      TestCertificate next = TestCertificate.of("EC", DAY.multipliedBy(90));
      next.write(folder);
      String ready;
      do {
        Thread.sleep(100);
        ready = new String(get(client, server, "/readyz").body(), UTF_8);
      } while (ready.contains("tls.certificate"));
    }
  }

  @Test
  void anAnswerThatCannotBeWholeIsSeenNotToBeAndNothingElseEnds() throws Exception {
    TestCertificate certificate = TestCertificate.of("EC", DAY);
    byte[] blob = new byte[64 << 20];
    Digest digest = Sizes.digest(blob);
    try (SteleServer server = serve(certificate.write(folder))) {
      for (Version version : Version.values()) {
        try (HttpClient client = client(certificate, version)) {
          HttpResponse<byte[]> pushed =
              client.send(
                  HttpRequest.newBuilder(
                          URI.create(server.url() + "/v2/a/blobs/uploads/?digest=" + digest))
                      .POST(BodyPublishers.ofByteArray(blob))
                      .build(),
                  BodyHandlers.ofByteArray());
          assertThat(pushed.statusCode()).isEqualTo(201);
          HttpResponse<InputStream> pulled =
              client.send(
                  HttpRequest.newBuilder(URI.create(server.url() + "/v2/a/blobs/" + digest))
                      .build(),
                  BodyHandlers.ofInputStream());
          try (InputStream body = pulled.body()) {
            assertThat(body.readNBytes(1 << 20)).hasSize(1 << 20);
            try (FileChannel stored = FileChannel.open(largest(), StandardOpenOption.WRITE)) {
              stored.truncate(2 << 20);
            }
            assertThatThrownBy(body::readAllBytes).isInstanceOf(IOException.class);
          }
          assertThat(get(client, server, "/v2/").statusCode()).isEqualTo(200);
        }
      }
    }
  }

  private Path largest() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("blobs"))) {
      return files
          .filter(Files::isRegularFile)
          .max(Comparator.comparingLong(file -> file.toFile().length()))
          .orElseThrow();
    }
  }

  @Test
  void whatIsSlowGoesOnAndWhatSaysNothingEnds() throws Exception {
    TestCertificate certificate = TestCertificate.of("EC", DAY);
    Configuration.HttpLimits standard = Configuration.HttpLimits.DEFAULT;
    Duration idle = Duration.ofSeconds(4);
    try (SteleServer server =
        beneath.serve(
            ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                .withTls(certificate.write(folder))
                .withLimits(
                    new Configuration.HttpLimits(
                        standard.maxHeaderSize(),
                        standard.maxBodySize(),
                        standard.maxUploads(),
                        standard.maxStreams(),
                        idle,
                        standard.drainTime(),
                        standard.maxConnections(),
                        standard.minRate(),
                        standard.requests())))) {
      byte[] blob = new byte[8];
      Digest digest = Sizes.digest(blob);
      try (HttpClient client = client(certificate, Version.HTTP_1_1)) {
        PipedOutputStream slowly = new PipedOutputStream();
        PipedInputStream body = new PipedInputStream(slowly);
        CompletableFuture<HttpResponse<byte[]>> pushed =
            client.sendAsync(
                HttpRequest.newBuilder(
                        URI.create(server.url() + "/v2/a/blobs/uploads/?digest=" + digest))
                    .POST(BodyPublishers.ofInputStream(() -> body))
                    .build(),
                BodyHandlers.ofByteArray());
        for (byte one : blob) {
          slowly.write(one);
          slowly.flush();
          Thread.sleep(1_000);
        }
        slowly.close();
        assertThat(pushed.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(201);
      }
      // A byte a second, which no idle timeout ends.
      try (Socket drips = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        drips.setSoTimeout(20_000);
        drips.getOutputStream().write(new byte[] {22, 3, 1, 2});
        Instant start = Instant.now();
        assertThatThrownBy(
                () -> {
                  while (Duration.between(start, Instant.now()).toSeconds() < 20) {
                    Thread.sleep(700);
                    drips.getOutputStream().write(0);
                  }
                })
            .isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void noOlderVersionOfTlsIsSpoken() throws Exception {
    TestCertificate certificate = TestCertificate.of("EC", DAY);
    try (SteleServer server = serve(certificate.write(folder))) {
      SSLContext context = certificate.trusted();
      for (String version : Set.of("TLSv1.2", "TLSv1.3")) {
        try (SSLSocket socket =
            (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port())) {
          socket.setEnabledProtocols(new String[] {version});
          socket.startHandshake();
          assertThat(socket.getSession().getProtocol()).isEqualTo(version);
        }
      }
      // The JDK's own client speaks no older ones, either.
      assertThat(server.tlsVersions()).containsExactlyInAnyOrder("TLSv1.2", "TLSv1.3");
    }
  }

  @Test
  void aNewCertificateIsTakenWhileClientsGoOn() throws Exception {
    TestCertificate old = TestCertificate.of("EC", DAY);
    TestCertificate next = TestCertificate.of("RSA", DAY);
    TlsFiles files = old.write(folder);
    try (SteleServer server = serve(files);
        HttpClient there = client(old, Version.HTTP_1_1)) {
      assertThat(get(there, server, "/v2/").statusCode()).isEqualTo(200);
      Files.writeString(files.certificate(), "half");
      Thread.sleep(3_000);
      assertThat(
              beneath.meters().get("stele.source.failures").tag("source", "tls").counter().count())
          .isPositive();
      try (HttpClient another = client(old, Version.HTTP_2)) {
        assertThat(get(another, server, "/v2/").statusCode()).isEqualTo(200);
      }
      assertThat(next.write(folder)).isEqualTo(files);
      Instant end = Instant.now().plusSeconds(20);
      int answered = 0;
      while (true) {
        assertThat(get(there, server, "/v2/").statusCode()).isEqualTo(200);
        answered++;
        try (HttpClient another = client(next, Version.HTTP_1_1)) {
          assertThat(get(another, server, "/v2/").statusCode()).isEqualTo(200);
          break;
        } catch (SSLHandshakeException e) {
          assertThat(Instant.now()).isBefore(end);
          Thread.sleep(200);
        }
      }
      assertThat(answered).isPositive();
      try (HttpClient another = client(old, Version.HTTP_1_1)) {
        assertThatThrownBy(() -> get(another, server, "/v2/"))
            .isInstanceOf(SSLHandshakeException.class);
      }
    }
  }

  @Test
  void whatCannotBeUsedIsTold() throws Exception {
    TestCertificate certificate = TestCertificate.of("EC", DAY);
    TlsFiles files = certificate.write(folder);
    TestCertificate other = TestCertificate.of("EC", DAY);

    Files.writeString(files.key(), TestCertificate.pem(other.keys().getPrivate()));
    assertThatThrownBy(() -> serve(files))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining("tls.key")
        .hasMessageContaining("not the key of the first certificate");
    Files.writeString(
        files.key(), TestCertificate.pem(TestCertificate.of("RSA", DAY).keys().getPrivate()));
    assertThatThrownBy(() -> serve(files)).hasMessageContaining("not the key of the first");
    Files.writeString(
        files.key(),
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(encrypted(certificate.keys().getPrivate()))
            + "\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assertThatThrownBy(() -> serve(files)).hasMessageContaining("encrypted");
    Files.writeString(files.key(), "nothing");
    assertThatThrownBy(() -> serve(files)).hasMessageContaining("no BEGIN PRIVATE KEY");
    Files.delete(files.key());
    assertThatThrownBy(() -> serve(files)).hasMessageContaining("there is no such file");

    TlsFiles ended = TestCertificate.of("EC", DAY.negated()).write(folder);
    assertThatThrownBy(() -> serve(ended))
        .hasMessageContaining("tls.certificate")
        .hasMessageContaining("it ended at");
    Files.writeString(ended.certificate(), "-----BEGIN CERTIFICATE-----\nAAAA\n");
    assertThatThrownBy(() -> serve(ended)).hasMessageContaining("tls.certificate");
  }

  private static byte[] encrypted(PrivateKey key) throws Exception {
    Cipher cipher = Cipher.getInstance("PBEWithSHA1AndDESede");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        SecretKeyFactory.getInstance("PBEWithSHA1AndDESede")
            .generateSecret(new PBEKeySpec("secret".toCharArray())));
    return new EncryptedPrivateKeyInfo(cipher.getParameters(), cipher.doFinal(key.getEncoded()))
        .getEncoded();
  }

  @Test
  void commandsOfThisMachineNeedNoCertificateAndNobodyElseComesInThere() throws Exception {
    TestCertificate certificate = TestCertificate.of("EC", DAY);
    LocalCredential credential = LocalCredential.random(false);
    try (SteleServer server =
            beneath.serve(
                ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                    .withTls(certificate.write(folder))
                    .withLocal(credential));
        HttpClient client = HttpClient.newHttpClient()) {
      URI local = server.localUrl().orElseThrow();
      assertThat(local.getScheme()).isEqualTo("http");
      HttpRequest.Builder ask = HttpRequest.newBuilder(local.resolve("/v2/_catalog"));
      assertThat(client.send(ask.build(), BodyHandlers.discarding()).statusCode()).isEqualTo(401);
      ask.header("Authorization", credential.authorization());
      ask.header(LocalCredential.OPERATOR, "root");
      assertThat(client.send(ask.build(), BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void beyondLoopbackItIsAskedFor() {
    ServerSettings everywhere =
        ServerSettings.on(new ListenAddress("0.0.0.0", 0))
            .withHtpasswd(Optional.of(folder.resolve("users")));
    assertThatThrownBy(() -> beneath.serve(everywhere))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining("without TLS")
        .hasMessageContaining("insecure: [http]");
  }
}
