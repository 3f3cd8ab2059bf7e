package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.server.config.Configuration;
import dev.stele.server.config.Configuration.HttpLimits;
import dev.stele.server.config.DataSize;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each limit on what clients may ask is kept, and whoever exceeds it is told so. */
class ServerLimitsTest {
  private static final HttpLimits LIMITS =
      new HttpLimits(
          DataSize.ofKibibytes(4),
          DataSize.ofMebibytes(1),
          1,
          2,
          Duration.ofSeconds(2),
          Duration.ofMillis(500),
          10,
          DataSize.ofKibibytes(1),
          Configuration.RequestLimit.NONE);

  @TempDir private Path folder;
  private RegistryOnTestDatabase beneath;
  private SteleServer server;

  @BeforeEach
  void start() throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    server = beneath.serve(ServerSettings.on(new ListenAddress("127.0.0.1", 0)).withLimits(LIMITS));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    beneath.close();
  }

  private String answer(String request) throws Exception {
    try (RawConnection connection = new RawConnection(server.port())) {
      return connection.send(request).readAll();
    }
  }

  private String beginUpload() throws Exception {
    String begun =
        answer(
            "POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                + "Connection: close\r\n\r\n");
    assertThat(begun).startsWith("HTTP/1.1 202 ");
    return begun.replaceAll("(?s).*\r\nLocation: (\\S+)\r\n.*", "$1");
  }

  @Test
  void largerHeadersAreRefused() throws Exception {
    String request = "GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: %s\r\n\r\n";
    assertThat(answer(request.formatted("x".repeat(3_000)))).startsWith("HTTP/1.1 200 ");
    assertThat(answer(request.formatted("x".repeat(5_000))))
        .startsWith("HTTP/1.1 431 ")
        .contains("the request's headers are too large");
  }

  @Test
  void moreConnectionsWaitUntilOneEnds() throws Exception {
    List<RawConnection> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        silent.add(new RawConnection(server.port()));
        // So that it has been accepted.
        assertThat(silent.getLast().send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").readLine())
            .isEqualTo("HTTP/1.1 200 OK");
      }
      CompletableFuture<String> one =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return answer("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      assertThat(one)
          .as("it waits")
          .failsWithin(Duration.ofMillis(500))
          .withThrowableOfType(TimeoutException.class);
      silent.removeFirst().close();
      assertThat(one).succeedsWithin(Duration.ofSeconds(20)).asString().startsWith("HTTP/1.1 200");
    } finally {
      for (RawConnection connection : silent) {
        connection.close();
      }
    }
  }

  @Test
  void aLargerBodyIsRefusedAsSoonAsThatIsKnown() throws Exception {
    String patch = "PATCH " + beginUpload() + " HTTP/1.1\r\nHost: x\r\n";
    assertThat(answer(patch + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n"))
        .startsWith("HTTP/1.1 413 ")
        .contains("the body of a request may have 1048576 bytes at most");
    String chunk = "80000\r\n" + "x".repeat(0x80000) + "\r\n";
    assertThat(answer(patch + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk))
        .startsWith("HTTP/1.1 413 ")
        .contains("the body of a request may have 1048576 bytes at most");
    assertThat(
            answer(
                patch
                    + "Connection: close\r\nContent-Length: 1048576\r\n\r\n"
                    + "x".repeat(1_048_576)))
        .startsWith("HTTP/1.1 202 ");
  }

  private void awaitUploads(int running) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!answer("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .contains("\nstele_http_uploads " + running + ".0")) {
      assertThat(System.nanoTime()).isLessThan(deadline);
    }
  }

  @Test
  void moreUploadsAtOnceAreToldWhenToComeAgain() throws Exception {
    String location = beginUpload();
    String another =
        "POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
            + "Connection: close\r\n\r\n";
    // Until the upload's beginning is over, and until the other request has been read.
    awaitUploads(0);
    try (RawConnection connection = new RawConnection(server.port())) {
      connection.send("PATCH " + location + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
      awaitUploads(1);
      String refused = answer(another);
      assertThat(refused)
          .startsWith("HTTP/1.1 429 ")
          .contains("\r\nRetry-After: 1\r\n", "TOOMANYREQUESTS");
      assertThat(answer("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
          .contains("\nstele_http_uploads 1.0", "\nstele_http_uploads_limit 1.0");
      connection.send("b");
    }
    String accepted = answer(another);
    while (accepted.startsWith("HTTP/1.1 429 ")) {
      accepted = answer(another);
    }
    assertThat(accepted).startsWith("HTTP/1.1 202 ");
  }

  @Test
  void moreStreamsAtOnceAreToldWhenToComeAgain() throws Exception {
    String stream =
        "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
            + "Connection: close\r\n\r\n";
    try (RawConnection first = new RawConnection(server.port());
        RawConnection second = new RawConnection(server.port())) {
      first.send(stream);
      second.send(stream);
      while (!answer("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          .contains("\nstele_http_streams 2.0")) {
        Thread.sleep(10);
      }
      assertThat(answer(stream))
          .startsWith("HTTP/1.1 429 ")
          .contains("\r\nRetry-After: 5\r\n", "TOOMANYREQUESTS");
    }
  }

  @Test
  void aBodyThatFallsSilentIsGivenUp() throws Exception {
    String location = beginUpload();
    assertThat(answer("PATCH " + location + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na"))
        .startsWith("HTTP/1.1 408 ")
        .contains("the body did not arrive in time");
  }

  @Test
  void aConnectionThatFallsSilentIsClosed() throws Exception {
    try (RawConnection connection = new RawConnection(server.port())) {
      assertThat(connection.send("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n").readAll())
          .as("without Connection: close")
          .startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void aStoppingServerWaitsNoLongerThanTheDrainTime() throws Exception {
    String location = beginUpload();
    try (RawConnection connection = new RawConnection(server.port())) {
      connection.send(
          "PATCH " + location + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\na");
      CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
      // Never silent, and never done.
      while (!closed.isDone()) {
        try {
          connection.send("a");
        } catch (java.io.IOException e) {
          break;
        }
        Thread.sleep(50);
      }
      closed.get(30, TimeUnit.SECONDS);
    }
  }
}
