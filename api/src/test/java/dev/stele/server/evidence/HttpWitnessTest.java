package dev.stele.server.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.Tile;
import dev.stele.merkle.Tree;
import dev.stele.registry.TestWitness;
import dev.stele.registry.Witness;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a witness is sent, and what every kind of its answers is taken for. */
class HttpWitnessTest {
  private static final SigningKey KEY = SigningKey.generate("log.example.com", KeyType.ED25519);

  private final TestWitness beneath =
      new TestWitness("w.example.com", KeyType.ML_DSA_44, List.of(KEY.verifier()));
  private final CountDownLatch over = new CountDownLatch(1);
  private final List<String> bodies = new ArrayList<>();
  private HttpServer server;
  private HttpWitness witness;

  /** What is done with a request in place of what should be. */
  private volatile Behaviour behaviour = this::follow;

  private interface Behaviour {
    void answer(HttpExchange exchange, String body) throws IOException;
  }

  @BeforeEach
  void listen() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/w/add-checkpoint",
        exchange -> {
          String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
          bodies.add(exchange.getRequestMethod() + "\n" + body);
          try (exchange) {
            behaviour.answer(exchange, body);
          }
        });
    server.start();
    witness = at("/w/", Duration.ofSeconds(20));
  }

  private HttpWitness at(String path, Duration timeout) {
    return new HttpWitness("http://127.0.0.1:" + server.getAddress().getPort() + path, timeout);
  }

  @AfterEach
  void close() {
    over.countDown();
    witness.close();
    server.stop(0);
  }

  /** As the specification has it. */
  private void follow(HttpExchange exchange, String body) throws IOException {
    String[] parts = body.split("\n\n", 2);
    String[] lines = parts[0].split("\n");
    assertThat(lines[0]).matches("old (0|[1-9][0-9]*)");
    List<Hash> proof =
        Arrays.stream(lines).skip(1).map(Base64.getDecoder()::decode).map(Hash::of).toList();
    TestWitness.Reply reply =
        beneath.reply(Long.parseLong(lines[0].substring(4)), proof, SignedNote.parse(parts[1]));
    if (reply.status() == 409) {
      exchange.getResponseHeaders().set("Content-Type", "text/x.tlog.size");
    }
    send(exchange, reply.status(), reply.body());
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
  }

  private static Tree tree(int size) {
    return new Tree(
        tile ->
            tile.equals(new Tile(0, 0))
                ? Hash.concatenation(
                    IntStream.range(0, size)
                        .mapToObj(i -> Hash.leaf(new byte[] {(byte) i}))
                        .toList())
                : new byte[0],
        size);
  }

  private static SignedNote note(int size) {
    Checkpoint checkpoint = new Checkpoint("log.example.com", size, tree(size).root());
    return new SignedNote(checkpoint.body(), List.of(KEY.sign(checkpoint, Instant.EPOCH)));
  }

  private Witness.Answer add(int old, int size) throws InterruptedException {
    return witness.add(old, tree(size).consistency(old), note(size));
  }

  @Test
  void aCheckpointIsSentAsTheSpecificationHasIt() throws Exception {
    assertThat(add(0, 5)).isInstanceOf(Witness.Answer.Cosigned.class);
    assertThat(add(5, 9)).isInstanceOf(Witness.Answer.Cosigned.class);
    List<Hash> proof = tree(9).consistency(5);
    assertThat(bodies)
        .containsExactly(
            "POST\nold 0\n\n" + note(5),
            "POST\nold 5\n"
                + String.join("", proof.stream().map(hash -> hash + "\n").toList())
                + "\n"
                + note(9));
  }

  @Test
  void whatItAnswersIsTakenForWhatItIs() throws Exception {
    SignedNote five = note(5);
    Witness.Answer cosigned = add(0, 5);
    assertThat(cosigned)
        .isInstanceOfSatisfying(
            Witness.Answer.Cosigned.class,
            answer ->
                assertThat(
                        beneath
                            .verifier()
                            .signed(
                                Checkpoint.parse(five.text()),
                                SignedNote.parse(five.text() + "\n" + answer.lines())))
                    .isTrue());
    assertThat(add(3, 9)).isEqualTo(new Witness.Answer.OtherSize(5));
    assertThat(witness.add(5, List.of(), note(9)))
        .isEqualTo(new Witness.Answer.Contradicted("answered 422 (\"inconsistent\")"));
    SigningKey other = SigningKey.generate("log.example.com", KeyType.ED25519);
    Checkpoint nine = Checkpoint.parse(note(9).text());
    assertThat(
            witness.add(
                5,
                List.of(),
                new SignedNote(nine.body(), List.of(other.sign(nine, Instant.EPOCH)))))
        .isEqualTo(
            new Witness.Answer.Failed(
                "answered 403: it does not know the keys of the log, which stele log keys prints"));
    Checkpoint elsewhere = new Checkpoint("elsewhere.example.com", 0, Hash.EMPTY);
    assertThat(
            witness.add(
                0,
                List.of(),
                new SignedNote(elsewhere.body(), List.of(KEY.sign(nine, Instant.EPOCH)))))
        .isEqualTo(
            new Witness.Answer.Failed(
                "answered 404: it does not know the log, or this is not where it takes checkpoints"
                    + " (\"unknown log\")"));
    behaviour = (exchange, _) -> send(exchange, 409, "many\n");
    assertFails("answered 409 without a size (\"many\")");
    behaviour = (exchange, _) -> send(exchange, 409, "1".repeat(30));
    assertFails("answered 409 without a size");
    behaviour = (exchange, _) -> send(exchange, 503, "x\u001b[2J \n y".repeat(500));
    assertFails("answered 503 (\"x [2J yx ");
  }

  private void assertFails(String why) throws InterruptedException {
    assertThat(add(5, 9))
        .isInstanceOfSatisfying(
            Witness.Answer.Failed.class,
            failed ->
                assertThat(failed.reason())
                    .startsWith(why)
                    .hasSizeLessThan(300)
                    .doesNotContain("\u001b"));
  }

  @Test
  void itIsNotFollowedElsewhere() throws Exception {
    behaviour =
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Location", "/w/add-checkpoint");
          send(exchange, 307, "");
        };
    assertFails("answered 307");
    assertThat(bodies).hasSize(1);
  }

  @Test
  void anAnswerWithoutEndIsGivenUp() throws Exception {
    behaviour =
        (exchange, _) -> {
          exchange.sendResponseHeaders(200, 0);
          OutputStream out = exchange.getResponseBody();
          while (over.getCount() > 0) {
            out.write(new byte[1024]);
          }
        };
    assertFails("the connection failed: ");
  }

  @Test
  void oneThatDoesNotAnswerIsGivenUp() throws Exception {
    behaviour = (_, _) -> awaitEnd();
    try (HttpWitness impatient = at("/w", Duration.ofMillis(50))) {
      assertThat(impatient.add(0, List.of(), note(1)))
          .isEqualTo(new Witness.Answer.Failed("no answer within PT0.05S"));
    }
  }

  @Test
  void oneThatIsClosedAnswersAtOnce() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    behaviour =
        (_, _) -> {
          asked.countDown();
          awaitEnd();
        };
    Thread closing =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    asked.await();
                    witness.close();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                });
    assertThat(witness.add(0, List.of(), note(1))).isInstanceOf(Witness.Answer.Failed.class);
    closing.join();
  }

  private void awaitEnd() {
    try {
      over.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anAddressIsOneOfHttp() {
    for (String wrong :
        List.of(
            "w.example.com",
            "ftp://w.example.com",
            "https://u@w",
            "https://w?a",
            "https://w#a",
            "http:",
            "%")) {
      assertThatThrownBy(() -> HttpWitness.checked(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be http://HOST/...");
    }
    assertThat(HttpWitness.checked("https://w.example.com/x")).isEqualTo("https://w.example.com/x");
  }
}
