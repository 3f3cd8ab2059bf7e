package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.Sizes;
import dev.stele.policy.AccessPolicy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Certificates, users and policies change while clients pull, and none of them notices. */
class ChangesUnderLoadTest {
  private static final int PULLERS = 16;
  private static final Duration SEEN_BY_THEN = Duration.ofMillis(1_500);
  private static final int BEFORE_A_NEW_CONNECTION = 20;
  private static final byte[] BLOB = "content".getBytes(UTF_8);
  private static final Digest DIGEST = Sizes.digest(BLOB);
  private static final String HASH =
      BCrypt.withDefaults().hashToString(4, "password".toCharArray());

  private final TestCertificate first;
  private final TestCertificate second;
  private final SSLContext both;

  @TempDir private Path folder;
  private RegistryOnTestDatabase beneath;
  private SteleServer server;

  ChangesUnderLoadTest() throws Exception {
    first = TestCertificate.of("EC", Duration.ofDays(1));
    second = TestCertificate.of("EC", Duration.ofDays(1));
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("first", first.certificate());
    store.setCertificateEntry("second", second.certificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    both = SSLContext.getInstance("TLS");
    both.init(null, trust.getTrustManagers(), null);
  }

  @BeforeEach
  void open() throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    users("puller", "changing");
    server =
        beneath.serve(
            ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                .withTls(first.write(folder))
                .withHtpasswd(Optional.of(folder.resolve("users")))
                .withAccess(policy("push")));
  }

  @AfterEach
  void close() {
    server.close();
    beneath.close();
  }

  /** At once, as an editor does it. */
  private void users(String... names) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (String name : names) {
      lines.append(name).append(':').append(HASH).append('\n');
    }
    Path written = Files.writeString(folder.resolve("users.new"), lines);
    Files.move(written, folder.resolve("users"), StandardCopyOption.ATOMIC_MOVE);
  }

  /** What the user may who changes; the one who pulls always may. */
  private static Optional<AccessPolicy> policy(String may) throws Exception {
    return Optional.of(
        AccessPolicy.read(
            "access",
            new YAMLMapper()
                .readTree(
                    """
                    rules:
                      - {repositories: ["team/**"], users: [puller], may: [pull, push]}
                      - {repositories: ["team/**"], users: [changing], may: [%s]}
                    """
                        .formatted(may))));
  }

  private HttpClient client() {
    return HttpClient.newBuilder().sslContext(both).build();
  }

  private HttpRequest.Builder request(String user, String target) {
    return HttpRequest.newBuilder(URI.create(server.url() + target))
        .header(
            "Authorization",
            "Basic " + Base64.getEncoder().encodeToString((user + ":password").getBytes(UTF_8)));
  }

  private int status(HttpClient client, String user) throws Exception {
    return client
        .send(request(user, "/v2/team/app/blobs/" + DIGEST).build(), BodyHandlers.ofByteArray())
        .statusCode();
  }

  /** The certificate that a new connection is shown. */
  private Certificate shown() throws Exception {
    try (HttpClient client = client()) {
      HttpResponse<byte[]> answer =
          client.send(request("puller", "/v2/").build(), BodyHandlers.ofByteArray());
      return answer.sslSession().orElseThrow().getPeerCertificates()[0];
    }
  }

  @FunctionalInterface
  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition) throws Exception {
    while (!condition.holds()) {
      Thread.sleep(20);
    }
  }

  @Test
  @Timeout(120)
  void nobodyNoticesWhoDoesNotChange() throws Exception {
    Queue<String> failures = new ConcurrentLinkedQueue<>();
    AtomicLong pulled = new AtomicLong();
    AtomicBoolean stopping = new AtomicBoolean();
    try (HttpClient client = client();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      HttpResponse<byte[]> pushed =
          client.send(
              request("puller", "/v2/team/app/blobs/uploads/?digest=" + DIGEST)
                  .POST(BodyPublishers.ofByteArray(BLOB))
                  .build(),
              BodyHandlers.ofByteArray());
      assertThat(pushed.statusCode()).isEqualTo(201);
      List<Future<?>> pullers = new ArrayList<>();
      for (int i = 0; i < PULLERS; i++) {
        pullers.add(threads.submit(() -> pull(stopping, pulled, failures)));
      }
      for (int round = 0; round < 3; round++) {
        TestCertificate next = round % 2 == 0 ? second : first;
        next.write(folder);
        await(() -> shown().equals(next.certificate()));
        server.adopt(policy("pull"));
        assertThat(status(client, "changing")).isEqualTo(200);
        server.adopt(policy("push"));
        assertThat(status(client, "changing")).isEqualTo(404);
        // Asked once each, since who is refused too often has to wait.
        users("puller", "another");
        Thread.sleep(SEEN_BY_THEN);
        assertThat(status(client, "changing")).isEqualTo(401);
        users("puller", "changing");
        Thread.sleep(SEEN_BY_THEN);
        assertThat(status(client, "changing")).isEqualTo(404);
      }
      long before = pulled.get();
      await(() -> pulled.get() > before + PULLERS || !failures.isEmpty());
      stopping.set(true);
      for (Future<?> each : pullers) {
        Object _ = each.get();
      }
    }
    assertThat(failures).isEmpty();
    assertThat(pulled.get()).isGreaterThan(10L * PULLERS);
  }

  private void pull(AtomicBoolean stopping, AtomicLong pulled, Queue<String> failures) {
    while (!stopping.get() && failures.isEmpty()) {
      try (HttpClient client = client()) {
        for (int i = 0; i < BEFORE_A_NEW_CONNECTION && !stopping.get(); i++) {
          int status = status(client, "puller");
          if (status != 200) {
            failures.add("answered " + status);
          }
          pulled.incrementAndGet();
        }
      } catch (Exception e) {
        failures.add(e.toString());
      }
    }
  }
}
