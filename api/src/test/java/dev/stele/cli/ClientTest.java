package dev.stele.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.stele.question.Address;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the command line makes of what a server answers, or does not. */
class ClientTest {
  private static final Asking TAGS = Asking.list(Address.TAGS).at("name", "team/app");

  private HttpServer server;
  private ServerUrl url;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
    url = ServerUrl.parse("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answers(int status, String type, String body, String... headers) {
    server.createContext(
        "/",
        exchange -> {
          for (int i = 0; i < headers.length; i += 2) {
            exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
          }
          send(exchange, status, type, body);
        });
  }

  private static void send(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private void stele(int status, String body) {
    answers(status, "application/json", body, "Docker-Distribution-API-Version", "registry/2.0");
  }

  private Client client() {
    return ServerOptions.client(url, new Login(url.toString(), "", ""));
  }

  @Test
  void theErrorOfAServerIsTold() {
    stele(404, "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"there is no such one\"}]}");
    assertThatThrownBy(() -> client().ask(TAGS, "json"))
        .isInstanceOf(AnsweredException.class)
        .hasMessage("there is no such one");
  }

  /** A server's log has more under the request's id. */
  @Test
  void theRequestOfAFailureIsNamed() {
    answers(
        500,
        "application/json",
        "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"the server failed\"}]}",
        "X-Request-Id",
        "abc");
    assertThatThrownBy(() -> client().ask(TAGS, "json"))
        .hasMessage("the server failed (request abc)");
  }

  @Test
  void aProxyWithoutItsServerIsNotTakenForAnotherServer() {
    answers(502, "text/html", "<html>Bad Gateway</html>");
    assertThatThrownBy(() -> client().ask(TAGS, "json"))
        .hasMessage(url + " cannot be reached now: what stands before it answered 502");
  }

  /** An address with a path, such as that of the distribution API, has nothing at it. */
  @Test
  void whatIsNotThereIsNotTakenForWhatIsNotOnRecord() {
    stele(404, "{\"errors\":[{\"code\":\"NOT_FOUND\",\"message\":\"nothing here\"}]}");
    assertThat(printed("exposure", "sha256:" + "0".repeat(64), "--server", url.toString()))
        .startsWith("1 stele: nothing here");
  }

  @Test
  void whatIsNoSteleServerIsSaid() {
    answers(200, "text/html", "<html>hello</html>");
    assertThatThrownBy(() -> client().ask(TAGS, "json"))
        .hasMessage(url + " is not a Stele server: it answered 200");
  }

  @Test
  void whereAnotherServerPointsToNobodyGoes() {
    answers(302, "text/html", "", "Location", "http://192.0.2.1/");
    assertThatThrownBy(() -> client().ask(TAGS, "json"))
        .hasMessageContaining("it answered 302 and points to http://192.0.2.1/");
  }

  @Test
  void anAnswerThatIsNoJsonIsOfAnotherVersion() {
    stele(200, "[]");
    assertThatThrownBy(() -> client().ask(TAGS, "json")).hasMessageContaining("no JSON object");
  }

  @Test
  void theNextPageIsAskedOfTheSameServerOnly() throws IOException {
    for (String next : new String[] {"http://192.0.2.1/", "@192.0.2.1/", "//192.0.2.1/", ".a/"}) {
      JsonNode page = new ObjectMapper().createObjectNode().put("next", next);
      assertThatThrownBy(() -> client().following(TAGS, page))
          .hasMessageContaining("its next page is said to be at " + next);
    }
  }

  @Test
  void whoIsNotLetInIsToldWhatToDo() {
    stele(401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"no\"}]}");
    assertThatThrownBy(() -> client().ask(TAGS, "json"))
        .hasMessageContaining("requires a user: name one with --user");
    assertThatThrownBy(
            () ->
                ServerOptions.client(url, new Login(url.toString(), "ann", "wrong"))
                    .ask(TAGS, "json"))
        .hasMessage(url + " does not let ann in with that password");
  }

  @Test
  void aServerThatIsNotThereOrSaysNothingIsOneLine() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    assertThat(printed("tags", "a", "--server", "http://127.0.0.1:" + port))
        .startsWith("1 stele: cannot connect to http://127.0.0.1:" + port)
        .hasLineCount(1);
    try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.startVirtualThread(
          () -> {
            try (Socket socket = plain.accept()) {
              socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(UTF_8));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      assertThat(printed("tags", "a", "--server", "https://127.0.0.1:" + plain.getLocalPort()))
          .startsWith("1 stele: cannot connect to https://127.0.0.1:")
          .contains("by TLS")
          .hasLineCount(1);
    }
  }

  @Test
  void aServerThatIsSilentIsGivenUp() {
    CountDownLatch end = new CountDownLatch(1);
    server.createContext(
        "/",
        exchange -> {
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
    List<String> told = new CopyOnWriteArrayList<>();
    try (Client client =
        new Client(
            url.uri(),
            new Client.Identity(Map.of(), ""),
            Duration.ofSeconds(3),
            true,
            told::add,
            () -> {})) {
      String silent =
          url + " was reached and has not answered within 3 s: it hangs or has much to do";
      assertThatThrownBy(() -> client.ask(TAGS, "json")).hasMessage(silent);
      assertThat(told).containsExactly("waiting for the server at " + url);
      assertThatThrownBy(() -> client.post("/api/v1/holds", "json", Map.of()))
          .hasMessageStartingWith(silent + "; what was asked may be done");
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      end.countDown();
    }
  }

  @Test
  void aMistakeInTheCommandIsNotAFailureOfTheServer() {
    stele(400, "{\"errors\":[{\"code\":\"REQUEST_INVALID\",\"message\":\"after must be one\"}]}");
    assertThat(printed("tags", "a", "--server", url.toString()))
        .startsWith("2 stele: after must be one\nTry 'stele tags --help'.");
    assertThat(printed("tags", "a", "--server", "registry.example.com"))
        .startsWith("2 stele: a server is named by its address, such as https://");
    assertThat(printed("tags", "a", "--server", "http://ann:secret@registry.example.com"))
        .startsWith("2 ");
    assertThat(printed("tags", "a", "--server", url.toString(), "--data", "x"))
        .startsWith("2 stele: --server names a server, and --data");
  }

  @Test
  void noPasswordGoesWhereOthersCanReadIt() {
    assertThat(printed("tags", "a", "--server", "http://registry.example.com", "--user", "ann"))
        .startsWith("2 stele: others could read the password on its way to")
        .contains("--insecure");
    assertThat(ServerUrl.parse("https://registry.example.com").confidential()).isTrue();
    assertThat(ServerUrl.parse("http://[::1]:5000").confidential()).isTrue();
    assertThat(ServerUrl.parse("http://127.0.0.1.example.com").confidential()).isFalse();
    assertThat(ServerUrl.parse("http://localhost.example.com").confidential()).isFalse();
  }

  /** The exit status, and what a command printed where errors are told. */
  private static String printed(String... arguments) {
    PrintStream before = System.err;
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    try (PrintStream err = new PrintStream(errors, true, UTF_8)) {
      System.setErr(err);
      int status = Stele.run(arguments);
      return status + " " + errors.toString(UTF_8).stripTrailing();
    } finally {
      System.setErr(before);
    }
  }
}
