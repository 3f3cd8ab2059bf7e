package dev.stele.server.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.event.Identity;
import dev.stele.log.LogIdentity;
import dev.stele.registry.EventEntry;
import dev.stele.registry.WebhookReceiver.Answer;
import dev.stele.server.audit.CloudEvents;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an event looks like on the wire, and what every kind of answer is taken for. */
class HttpReceiverTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final LogIdentity LOG =
      new LogIdentity(UUID.fromString("00000000-0000-3000-8000-000000000001"), new TreeMap<>());
  private static final SigningSecret OLD = SigningSecret.parse("whsec_" + "A".repeat(32));
  private static final SigningSecret NEW = SigningSecret.parse("whsec_" + "B".repeat(32));

  private record Received(String start, Map<String, String> headers, byte[] body) {}

  private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
  private ServerSocket socket;

  /** What is written as an answer; the connection is closed after that unless it hangs. */
  private volatile String answer = "HTTP/1.1 204 No Content\r\n\r\n";

  private volatile boolean hang;

  @BeforeEach
  void listen() throws IOException {
    socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  @AfterEach
  void close() throws IOException {
    socket.close();
  }

  private void accept() {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept()) {
        received.add(read(connection.getInputStream()));
        connection.getOutputStream().write(answer.getBytes(UTF_8));
        connection.getOutputStream().flush();
        // Until the client gives up.
        while (hang && connection.getInputStream().read() >= 0) {}
      } catch (IOException e) {
        // The client went, or the test is over.
      }
    }
  }

  private static Received read(InputStream in) throws IOException {
    String start = line(in);
    Map<String, String> headers = new HashMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return new Received(
        start, headers, in.readNBytes(Integer.parseInt(headers.get("content-length"))));
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n' && c >= 0; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  private HttpReceiver receiver(String url, Duration timeout) {
    return new HttpReceiver(
        new WebhookSettings(
            URI.create(url), List.of(OLD, NEW), List.of(), List.of(), timeout, false),
        new CloudEvents(Optional.of("https://registry.example.com/")));
  }

  private String url() {
    return "http://127.0.0.1:" + socket.getLocalPort() + "/hook?token=t";
  }

  private static EventEntry event() throws IOException {
    return new EventEntry(
        17,
        "TagMoved",
        Optional.of("team/app"),
        Instant.parse("2026-03-03T14:05:00.123456Z"),
        Optional.of(Identity.user("ann")),
        Optional.empty(),
        Optional.empty(),
        JSON.readTree("{\"kind\":\"CLIENT_REQUEST\"}"),
        "request-1",
        JSON.readTree("{\"digest\":\"sha256:00\",\"repository\":\"team/app\",\"tag\":\"prod\"}"));
  }

  private Answer deliver(Duration timeout) throws Exception {
    try (HttpReceiver receiver = receiver(url(), timeout)) {
      return receiver.deliver(LOG, event());
    }
  }

  private Answer answerTo(String text) throws Exception {
    answer = text;
    return deliver(Duration.ofSeconds(10));
  }

  @Test
  void aMessageIsASignedCloudEvent() throws Exception {
    assertThat(deliver(Duration.ofSeconds(10))).isEqualTo(new Answer.Taken());
    Received message = received.take();
    assertThat(message.start()).isEqualTo("POST /hook?token=t HTTP/1.1");
    assertThat(message.headers())
        .containsEntry("content-type", "application/cloudevents+json")
        .containsEntry("webhook-id", "evt_" + LOG.id() + "_17")
        .doesNotContainKey("upgrade");
    Instant sentAt =
        Instant.ofEpochSecond(Long.parseLong(message.headers().get("webhook-timestamp")));
    assertThat(sentAt).isBetween(Instant.now().minusSeconds(60), Instant.now());
    assertThat(message.headers().get("webhook-signature").split(" "))
        .containsExactly(
            OLD.sign("evt_" + LOG.id() + "_17", sentAt, message.body()),
            NEW.sign("evt_" + LOG.id() + "_17", sentAt, message.body()));
    JsonNode json = JSON.readTree(message.body());
    assertThat(json)
        .isEqualTo(
            JSON.readTree(
                """
                {"specversion": "1.0", "id": "17", "source": "https://registry.example.com/",
                 "type": "dev.stele.TagMoved", "subject": "team/app:prod",
                 "time": "2026-03-03T14:05:00.123456Z", "datacontenttype": "application/json",
                 "data": {
                   "position": 17, "type": "TagMoved", "repository": "team/app",
                   "recordedAt": "2026-03-03T14:05:00.123456Z", "actor": "ann", "actorKind": "USER",
                   "cause": {"kind": "CLIENT_REQUEST"}, "requestId": "request-1",
                   "data": {"digest": "sha256:00", "repository": "team/app", "tag": "prod"}}}
                """));
  }

  @Test
  void only2xxIsTaken() throws Exception {
    assertThat(answerTo("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        .isEqualTo(new Answer.Taken());
    assertThat(answerTo("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"))
        .isEqualTo(new Answer.Failed("answered 500", Optional.empty()));
    assertThat(answerTo("HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"))
        .isEqualTo(new Answer.Failed("answered 429", Optional.of(Duration.ofSeconds(7))));
    assertThat(answerTo("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"))
        .isInstanceOf(Answer.Gone.class);
  }

  @Test
  void aRedirectIsNotFollowed() throws Exception {
    try (ServerSocket elsewhere = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      elsewhere.setSoTimeout(500);
      assertThat(
              answerTo(
                  "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:"
                      + elsewhere.getLocalPort()
                      + "/\r\nContent-Length: 0\r\n\r\n"))
          .isEqualTo(
              new Answer.Failed("answered 307; redirects are not followed", Optional.empty()));
      CompletableFuture<Socket> connection = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  connection.complete(elsewhere.accept());
                } catch (IOException e) {
                  connection.completeExceptionally(e);
                }
              });
      assertThat(connection).failsWithin(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void anAnswerThatIsCutIsNone() throws Exception {
    assertThat(answerTo("")).isInstanceOf(Answer.Failed.class);
    assertThat(answerTo("HTTP/1.1 2")).isInstanceOf(Answer.Failed.class);
    assertThat(answerTo("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nok"))
        .isInstanceOf(Answer.Failed.class);
    assertThat(answerTo("what?\r\n\r\n")).isInstanceOf(Answer.Failed.class);
  }

  @Test
  void oneThatHangsIsGivenUpBeforeAndInItsAnswer() throws Exception {
    hang = true;
    for (String begun :
        new String[] {
          "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\no"
        }) {
      answer = begun;
      assertThat(deliver(Duration.ofMillis(300)))
          .isEqualTo(new Answer.Failed("no answer within PT0.3S", Optional.empty()));
    }
  }

  @Test
  void oneThatIsNotThereIsAFailureThatSaysSo() throws Exception {
    String gone = url();
    socket.close();
    try (HttpReceiver receiver = receiver(gone, Duration.ofSeconds(5))) {
      assertThat(receiver.deliver(LOG, event()))
          .isEqualTo(new Answer.Failed("cannot connect", Optional.empty()));
    }
    try (HttpReceiver receiver =
        receiver("http://no-such-host.invalid/hook", Duration.ofSeconds(10))) {
      assertThat(receiver.deliver(LOG, event()))
          .isEqualTo(new Answer.Failed("cannot connect: the host is unknown", Optional.empty()));
    }
  }

  @Test
  void closingEndsADelivery() throws Exception {
    hang = true;
    answer = "";
    HttpReceiver receiver = receiver(url(), Duration.ofMinutes(1));
    CompletableFuture<Answer> delivery =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return receiver.deliver(LOG, event());
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    received.take();
    receiver.close();
    assertThat(delivery).succeedsWithin(10, TimeUnit.SECONDS).isInstanceOf(Answer.Failed.class);
  }

  @Test
  void anAddressShowsNoToken() {
    assertThat(WebhookSettings.address(URI.create("https://h/services/T0/B0/xyz")))
        .isEqualTo("https://h/...");
    assertThat(WebhookSettings.address(URI.create("https://h:1/"))).isEqualTo("https://h:1");
    assertThat(WebhookSettings.address(URI.create("http://h?x=1"))).isEqualTo("http://h/...");
  }
}
