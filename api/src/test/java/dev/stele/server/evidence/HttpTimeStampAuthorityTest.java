package dev.stele.server.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.stele.timestamp.TestAuthority;
import dev.stele.timestamp.TimeStamp;
import dev.stele.timestamp.TimeStampQuery;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An authority is asked as RFC 3161 has it, and is not waited for without end. */
class HttpTimeStampAuthorityTest {
  private static final byte[] DATA = "log.example.com\n".getBytes(UTF_8);

  private final CountDownLatch over = new CountDownLatch(1);
  private HttpServer server;
  private volatile HttpHandler handler;

  @BeforeEach
  void listen() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/tsr",
        exchange -> {
          try (exchange) {
            handler.handle(exchange);
          }
        });
    server.start();
  }

  @AfterEach
  void close() {
    over.countDown();
    server.stop(0);
  }

  private byte[] ask(byte[] query, Duration timeout) throws Exception {
    TimeStampSettings settings =
        new TimeStampSettings(
            URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/tsr"),
            Path.of("trusted.pem"),
            Duration.ofMinutes(10),
            Optional.of(new TimeStampSettings.Login("stele", "s3cret")));
    assertThat(settings.toString()).doesNotContain("s3cret");
    try (HttpTimeStampAuthority authority = new HttpTimeStampAuthority(settings, timeout)) {
      return authority.ask(query);
    }
  }

  private byte[] ask(byte[] query) throws Exception {
    return ask(query, Duration.ofSeconds(20));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Test
  void aQueryIsPostedAndAnswered() throws Exception {
    TestAuthority authority = TestAuthority.create();
    handler =
        exchange -> {
          assertThat(exchange.getRequestMethod()).isEqualTo("POST");
          assertThat(exchange.getRequestHeaders().getFirst("Content-Type"))
              .isEqualTo("application/timestamp-query");
          assertThat(exchange.getRequestHeaders().getFirst("Authorization"))
              .isEqualTo("Basic c3RlbGU6czNjcmV0");
          try {
            send(exchange, 200, authority.answer(exchange.getRequestBody().readAllBytes()));
          } catch (Exception e) {
            throw new IOException(e);
          }
        };
    TimeStampQuery query = TimeStampQuery.about(DATA);
    byte[] token = query.accept(ask(query.bytes()), List.of(authority.root()));
    assertThat(TimeStamp.verify(token, DATA, List.of(authority.root()))).isNotNull();
  }

  @Test
  void whatIsNoAnswerIsTold() {
    handler = exchange -> send(exchange, 503, new byte[] {1});
    assertThatThrownBy(() -> ask(DATA)).isInstanceOf(IOException.class).hasMessage("answered 503");
    handler =
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          OutputStream out = exchange.getResponseBody();
          while (over.getCount() > 0) {
            out.write(new byte[1024]);
          }
        };
    assertThatThrownBy(() -> ask(DATA))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the connection failed: ");
    handler =
        _ -> {
          try {
            over.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        };
    assertThatThrownBy(() -> ask(DATA, Duration.ofMillis(50)))
        .isInstanceOf(IOException.class)
        .hasMessage("no answer within PT0.05S");
  }
}
