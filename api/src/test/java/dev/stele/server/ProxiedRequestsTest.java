package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.policy.AccessPolicy;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.http.TrustedProxies;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A server that trusts a proxy on its own machine, and one that trusts none. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxiedRequestsTest {
  private final LocalCredential credential = LocalCredential.random(false);
  private final HttpClient client = HttpClient.newHttpClient();
  private RegistryOnTestDatabase beneath;
  private SteleServer behind;
  private SteleServer alone;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    Path users =
        Files.writeString(
            folder.resolve("users"),
            "ann:" + BCrypt.withDefaults().hashToString(4, "secret".toCharArray()));
    ServerSettings settings =
        ServerSettings.on(new ListenAddress("127.0.0.1", 0))
            .withHtpasswd(Optional.of(users))
            .withAccess(
                Optional.of(
                    AccessPolicy.read(
                        "access", new YAMLMapper().readTree("administrators: [ann]"))))
            .withLocal(credential);
    behind =
        beneath.serve(
            settings.withProxies(
                new TrustedProxies(List.of(TrustedProxies.Network.parse("127.0.0.1")))));
    alone = beneath.serve(settings);
  }

  @AfterAll
  void stop() {
    client.close();
    behind.close();
    alone.close();
    beneath.close();
  }

  private HttpResponse<String> get(URI server, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve("/v2/_catalog"));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static String challenge(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(401);
    return answer.headers().firstValue("WWW-Authenticate").orElseThrow();
  }

  @Test
  void theRealmIsWhereTheClientReachedTheProxy() throws Exception {
    String[] forwarded = {
      "X-Forwarded-Proto", "https", "X-Forwarded-Host", "registry.example", "Forwarded", "for=x"
    };
    assertThat(challenge(get(behind.url(), forwarded)))
        .startsWith("Bearer realm=\"https://registry.example/token\"");
    assertThat(challenge(get(behind.url(), "Forwarded", "for=192.0.2.7;proto=https")))
        .startsWith("Bearer realm=\"https://127.0.0.1:" + behind.port() + "/token\"");
    assertThat(challenge(get(alone.url(), forwarded)))
        .startsWith("Bearer realm=\"http://127.0.0.1:" + alone.port() + "/token\"");
  }

  @Test
  void theCredentialOfThisMachineIsOfNoUseThroughAProxy() throws Exception {
    String[] ours = {"Authorization", credential.authorization(), LocalCredential.OPERATOR, "root"};
    String[] forwarded = {
      "Authorization",
      credential.authorization(),
      LocalCredential.OPERATOR,
      "root",
      "X-Forwarded-For",
      "127.0.0.1"
    };
    assertThat(get(behind.url(), ours).statusCode()).isEqualTo(401);
    assertThat(get(behind.url(), forwarded).statusCode()).isEqualTo(401);
    URI local = behind.localUrl().orElseThrow();
    assertThat(local.getPort()).isNotEqualTo(behind.port());
    assertThat(get(local, ours).statusCode()).isEqualTo(200);
    assertThat(get(local).statusCode()).isEqualTo(401);
    assertThat(alone.localUrl()).contains(alone.url());
    assertThat(get(alone.url(), ours).statusCode()).isEqualTo(200);
  }

  @Test
  void theLogHasTheClientsAddress() throws Exception {
    Queue<String> addresses = new ConcurrentLinkedQueue<>();
    Logger logger = (Logger) LoggerFactory.getLogger("dev.stele.server");
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getKeyValuePairs() != null) {
              event.getKeyValuePairs().stream()
                  .filter(pair -> pair.key.equals("address"))
                  .forEach(
                      pair -> addresses.add(event.getLoggerName() + " " + pair.value.toString()));
            }
          }
        };
    Level before = logger.getLevel();
    logger.setLevel(Level.INFO);
    // Who asks a server of their own has switched this one off.
    ((Logger) LoggerFactory.getLogger(RequestLog.class)).setLevel(Level.INFO);
    appender.start();
    logger.addAppender(appender);
    try {
      String wrong =
          "Basic " + java.util.Base64.getEncoder().encodeToString("ann:wrong".getBytes(UTF_8));
      for (SteleServer server : List.of(behind, alone)) {
        get(
            server.url(),
            "Authorization",
            wrong,
            "X-Forwarded-For",
            "1.1.1.1, 192.0.2.7, 127.0.0.1");
      }
      // A request is logged after it was answered.
      long end = System.nanoTime() + 10_000_000_000L;
      while (addresses.size() < 4 && System.nanoTime() < end) {
        Thread.sleep(10);
      }
    } finally {
      logger.detachAppender(appender);
      logger.setLevel(before);
    }
    assertThat(addresses)
        .containsExactlyInAnyOrder(
            RequestDispatcher.class.getName() + " 192.0.2.7",
            RequestLog.class.getName() + " 192.0.2.7",
            RequestDispatcher.class.getName() + " 127.0.0.1",
            RequestLog.class.getName() + " 127.0.0.1");
  }
}
