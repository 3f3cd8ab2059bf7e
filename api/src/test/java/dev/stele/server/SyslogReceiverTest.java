package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.event.EventCodec;
import dev.stele.event.RobotName;
import dev.stele.log.LogIdentity;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Outcome;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import dev.stele.registry.Webhook;
import dev.stele.registry.WebhookReceiver.Answer;
import dev.stele.server.audit.CloudEvents;
import dev.stele.server.syslog.SyslogReceiver;
import dev.stele.server.syslog.SyslogSettings;
import dev.stele.server.syslog.SyslogSettings.Format;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Events as syslog messages, to a receiver that reads them as the RFCs say. */
class SyslogReceiverTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final CloudEvents CLOUD_EVENTS = new CloudEvents(Optional.empty());

  private static final Pattern MESSAGE =
      Pattern.compile(
          "<(\\d{1,3})>1 (\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z) [!-~]{1,255} stele -"
              + " ([!-~]{1,32}) \\[stele@32473 log=\"([0-9a-f-]{36})\" position=\"(\\d+)\"] (.*)");

  private static RegistryFixture fixture;
  private static LogIdentity log;
  private static List<EventEntry> events;
  @TempDir private Path folder;
  private final List<AutoCloseable> opened = new ArrayList<>();

  @BeforeAll
  static void record() throws Exception {
    fixture = RegistryFixture.inItsOwnFolder(RegistryOptions.DEFAULT);
    TestClient.put(
        fixture.registry(),
        RepositoryName.parse("team/app"),
        TestManifest.index(),
        Tag.parse("v1"));
    Outcome<?> _ =
        fixture
            .registry()
            .robots()
            .create(TestClient.ALICE, RobotName.parse("ci"), Optional.empty(), Optional.empty());
    log = fixture.registry().log().identity().orElseThrow();
    events = fixture.registry().log().events(-1, 100, EventFilter.ALL);
  }

  @AfterAll
  static void drop() {
    fixture.close();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  /** What was received. */
  private record Received(int priority, String type, long position, JsonNode content) {
    static Received of(String message) throws IOException {
      Matcher parts = MESSAGE.matcher(message);
      assertThat(parts.matches()).as(message).isTrue();
      return new Received(
          Integer.parseInt(parts.group(1)),
          parts.group(3),
          Long.parseLong(parts.group(5)),
          JSON.readTree(parts.group(6)));
    }
  }

  /** Reads messages by counting octets. */
  private static final class Collector implements AutoCloseable {
    private final ServerSocket listening;
    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final BlockingQueue<Socket> connections = new LinkedBlockingQueue<>();

    Collector(ServerSocket listening) {
      this.listening = listening;
      Thread _ = Thread.ofVirtual().start(this::accept);
    }

    private void accept() {
      while (!listening.isClosed()) {
        try {
          Socket connection = listening.accept();
          connections.add(connection);
          Thread _ = Thread.ofVirtual().start(() -> read(connection));
        } catch (IOException e) {
          // It is closed, or a handshake failed.
        }
      }
    }

    private void read(Socket connection) {
      try (InputStream in = new BufferedInputStream(connection.getInputStream())) {
        while (true) {
          StringBuilder digits = new StringBuilder();
          int c = in.read();
          while (c != ' ') {
            if (c < '0' || c > '9') {
              throw new EOFException();
            }
            digits.append((char) c);
            c = in.read();
          }
          messages.add(new String(in.readNBytes(Integer.parseInt(digits.toString())), UTF_8));
        }
      } catch (IOException e) {
        // The connection has ended.
      }
    }

    Received next() throws Exception {
      String message = messages.poll(20, TimeUnit.SECONDS);
      assertThat(message).as("a message").isNotNull();
      return Received.of(message);
    }

    void cut() throws Exception {
      connections.take().close();
    }

    @Override
    public void close() throws IOException {
      listening.close();
      for (Socket each : connections) {
        each.close();
      }
    }
  }

  private Collector collector(ServerSocket socket) {
    Collector collector = new Collector(socket);
    opened.add(collector);
    return collector;
  }

  private static ServerSocket plain() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private SyslogReceiver receiver(
      String host, int port, boolean tls, Optional<Path> caFile, Format format) {
    SyslogReceiver receiver =
        new SyslogReceiver(
            new SyslogSettings(
                host,
                port,
                tls,
                caFile,
                format,
                13,
                List.of(),
                List.of(),
                Duration.ofSeconds(2),
                false),
            CLOUD_EVENTS);
    opened.add(receiver);
    return receiver;
  }

  private SyslogReceiver clear(Collector collector, Format format) {
    return receiver(
        "127.0.0.1", collector.listening.getLocalPort(), false, Optional.empty(), format);
  }

  @Test
  void eachEventIsAMessageOfItsOwn() throws Exception {
    Collector collector = collector(plain());
    SyslogReceiver receiver = clear(collector, Format.CLOUDEVENTS);
    for (EventEntry event : events) {
      assertThat(receiver.deliver(log, event)).isEqualTo(new Answer.Taken());
      Received received = collector.next();
      assertThat(received.type()).isEqualTo(event.type());
      assertThat(received.position()).isEqualTo(event.position());
      assertThat(received.content()).isEqualTo(JSON.readTree(CLOUD_EVENTS.bytes(log, event)));
      assertThat(received.priority()).isEqualTo(13 * 8 + 5);
    }
    assertThat(receiver.address())
        .isEqualTo("syslog+tcp://127.0.0.1:" + collector.listening.getLocalPort());
  }

  @Test
  void ocsfHasTheClassThatAnEventIsOf() throws Exception {
    Collector collector = collector(plain());
    SyslogReceiver receiver = clear(collector, Format.OCSF);
    List<String> classes = new ArrayList<>();
    for (EventEntry event : events) {
      assertThat(receiver.deliver(log, event)).isEqualTo(new Answer.Taken());
      JsonNode ocsf = collector.next().content();
      classes.add(event.type() + " " + ocsf.required("type_uid").asInt());
      assertThat(ocsf.required("type_uid").asInt())
          .isEqualTo(
              ocsf.required("class_uid").asInt() * 100 + ocsf.required("activity_id").asInt());
      assertThat(ocsf.required("class_uid").asInt() / 1000)
          .isEqualTo(ocsf.required("category_uid").asInt());
      assertThat(ocsf.required("time").asLong()).isEqualTo(event.recordedAt().toEpochMilli());
      assertThat(ocsf.at("/metadata/version").asText()).isEqualTo("1.3.0");
      assertThat(ocsf.at("/metadata/sequence").asLong()).isEqualTo(event.position());
      assertThat(ocsf.at("/metadata/log_name").asText()).isEqualTo(log.id().toString());
      assertThat(ocsf.at("/actor/user/name").asText()).isEqualTo("alice");
      assertThat(ocsf.at("/api/operation").asText()).isEqualTo(event.type());
      assertThat(ocsf.at("/unmapped/event/position").asLong()).isEqualTo(event.position());
    }
    assertThat(classes)
        .containsExactly(
            "RepositoryCreated 600301",
            "ManifestPut 600303",
            "TagMoved 600303",
            "RobotCreated 300101",
            "RobotKeyIssued 300199");
  }

  @Test
  void everyTypeFitsAMessage() {
    assertThat(EventCodec.typeNames()).allMatch(type -> type.matches("[!-~]{1,32}"));
  }

  @Test
  void afterAConnectionEndedTheLastAreSentAgain() throws Exception {
    Collector collector = collector(plain());
    SyslogReceiver receiver = clear(collector, Format.OCSF);
    for (EventEntry event : events.subList(0, 3)) {
      assertThat(receiver.deliver(log, event)).isEqualTo(new Answer.Taken());
      assertThat(collector.next().position()).isEqualTo(event.position());
    }
    collector.cut();
    Answer answer = receiver.deliver(log, events.get(3));
    while (!answer.equals(new Answer.Taken())) {
      answer = receiver.deliver(log, events.get(3));
    }
    // Written at once or to what had ended already; either way nothing is missing in the end.
    answer = receiver.deliver(log, events.get(4));
    while (!answer.equals(new Answer.Taken())) {
      answer = receiver.deliver(log, events.get(4));
    }
    List<Long> positions = new ArrayList<>();
    while (!positions.contains(4L)) {
      positions.add(collector.next().position());
    }
    // What was cut may have been read to the end all the same; else all comes again.
    assertThat(positions).containsSubsequence(3L, 4L);
    if (positions.contains(0L)) {
      assertThat(positions).containsSubsequence(0L, 1L, 2L, 3L, 4L);
    }
  }

  @Test
  void whoReadsNothingKeepsNobodyWaitingForEver() throws Exception {
    try (ServerSocket silent = plain()) {
      SyslogReceiver receiver =
          receiver("127.0.0.1", silent.getLocalPort(), false, Optional.empty(), Format.OCSF);
      Answer answer = new Answer.Taken();
      int written = 0;
      while (answer.equals(new Answer.Taken())) {
        answer = receiver.deliver(log, events.get(written++ % events.size()));
        assertThat(written).isLessThan(1_000_000);
      }
      assertThat(answer).isInstanceOf(Answer.Failed.class);
      assertThat(((Answer.Failed) answer).reason()).contains("nothing was read for PT2S");
    }
  }

  @Test
  @Timeout(60)
  void byTlsNeither() throws Exception {
    TestCertificate own = TestCertificate.of("EC", Duration.ofDays(1));
    Optional<Path> trusted =
        Optional.of(
            Files.writeString(folder.resolve("own.pem"), TestCertificate.pem(own.certificate())));
    try (ServerSocket listening = secure(own)) {
      int port = listening.getLocalPort();
      // Nobody takes the connection, so that nobody shakes hands.
      assertThat(
              receiver("127.0.0.1", port, true, trusted, Format.OCSF)
                  .deliver(log, events.getFirst()))
          .isInstanceOf(Answer.Failed.class);
      listening.accept().close();

      Thread shaking =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      SSLSocket silent = (SSLSocket) listening.accept();
                      silent.startHandshake();
                      new CountDownLatch(1).await();
                    } catch (IOException | InterruptedException e) {
                      // The test is over.
                    }
                  });
      SyslogReceiver receiver = receiver("127.0.0.1", port, true, trusted, Format.OCSF);
      Answer answer = new Answer.Taken();
      int written = 0;
      while (answer.equals(new Answer.Taken())) {
        answer = receiver.deliver(log, events.get(written++ % events.size()));
        assertThat(written).isLessThan(1_000_000);
      }
      assertThat(written).isGreaterThan(1);
      assertThat(((Answer.Failed) answer).reason()).contains("nothing was read for PT2S");
      shaking.interrupt();
    }
  }

  @Test
  void whatCannotBeReachedIsToldWithoutAnEnd() throws Exception {
    int port;
    try (ServerSocket socket = plain()) {
      port = socket.getLocalPort();
    }
    assertThat(
            receiver("127.0.0.1", port, false, Optional.empty(), Format.OCSF)
                .deliver(log, events.getFirst()))
        .isInstanceOf(Answer.Failed.class);
    Answer unknown =
        receiver("no-such-host.invalid", port, false, Optional.empty(), Format.OCSF)
            .deliver(log, events.getFirst());
    assertThat(((Answer.Failed) unknown).reason()).isEqualTo("cannot connect: the host is unknown");
  }

  private ServerSocket secure(TestCertificate certificate) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "server",
        certificate.keys().getPrivate(),
        new char[0],
        new java.security.cert.Certificate[] {certificate.certificate()});
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context
        .getServerSocketFactory()
        .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @Test
  void byTlsTheCertificateMustBeTheHostsAndVouchedFor() throws Exception {
    TestCertificate mine = TestCertificate.of("EC", Duration.ofDays(1));
    TestCertificate other = TestCertificate.of("EC", Duration.ofDays(1));
    Collector collector = collector(secure(mine));
    int port = collector.listening.getLocalPort();
    Path right =
        Files.writeString(folder.resolve("right.pem"), TestCertificate.pem(mine.certificate()));
    Path wrong =
        Files.writeString(folder.resolve("wrong.pem"), TestCertificate.pem(other.certificate()));
    Path none = Files.writeString(folder.resolve("none.pem"), "");

    SyslogReceiver receiver = receiver("127.0.0.1", port, true, Optional.of(right), Format.OCSF);
    for (EventEntry event : events) {
      assertThat(receiver.deliver(log, event)).isEqualTo(new Answer.Taken());
      assertThat(collector.next().position()).isEqualTo(event.position());
    }
    for (SyslogReceiver refused :
        List.of(
            receiver("127.0.0.1", port, true, Optional.of(wrong), Format.OCSF),
            receiver("127.0.0.1", port, true, Optional.empty(), Format.OCSF),
            receiver("localhost", port, true, Optional.of(right), Format.OCSF))) {
      Answer answer = refused.deliver(log, events.getFirst());
      assertThat(answer).isInstanceOf(Answer.Failed.class);
      assertThat(((Answer.Failed) answer).reason()).startsWith("no TLS connection: ");
    }
    for (Path unusable : List.of(none, folder.resolve("absent.pem"))) {
      Answer answer =
          receiver("127.0.0.1", port, true, Optional.of(unusable), Format.OCSF)
              .deliver(log, events.getFirst());
      assertThat(((Answer.Failed) answer).reason()).contains(unusable.toString());
    }
    assertThat(collector.messages).isEmpty();
  }

  @Test
  void aRegistrySendsWhatIsRecordedAndGoesOnWhereItStopped() throws Exception {
    Collector collector = collector(plain());
    List<Long> received = new ArrayList<>();
    try (RegistryFixture beneath =
        RegistryFixture.onDisk(
            folder.resolve("blobs"),
            RegistryOptions.DEFAULT.withWebhooks(
                List.of(
                    new Webhook(
                        "syslog.siem",
                        Set.of(),
                        List.of(),
                        true,
                        clear(collector, Format.OCSF)))))) {
      beneath.engine().startBackground();
      TestClient.put(
          beneath.registry(),
          RepositoryName.parse("team/app"),
          TestManifest.index(),
          Tag.parse("v1"));
      while (received.size() < 3) {
        received.add(collector.next().position());
      }
      assertThat(beneath.registry().webhooks().list().getFirst().address())
          .hasValueSatisfying(address -> assertThat(address).startsWith("syslog+tcp://127.0.0.1:"));
    }
    assertThat(received).containsExactly(0L, 1L, 2L);
  }

  @Test
  void aMessageCountsOctetsNotCharacters() throws Exception {
    Collector collector = collector(plain());
    SyslogReceiver receiver = clear(collector, Format.CLOUDEVENTS);
    Outcome<?> _ =
        fixture
            .registry()
            .robots()
            .create(
                TestClient.ALICE,
                RobotName.parse("octets"),
                Optional.of("prüfung ✓"),
                Optional.empty());
    List<EventEntry> now = fixture.registry().log().events(-1, 1_000, EventFilter.ALL);
    for (EventEntry event : now.subList(events.size(), now.size())) {
      assertThat(receiver.deliver(log, event)).isEqualTo(new Answer.Taken());
    }
    assertThat(collector.next().content().at("/data/data/description").asText())
        .isEqualTo("prüfung ✓");
    assertThat(collector.next().type()).isEqualTo("RobotKeyIssued");
  }
}
