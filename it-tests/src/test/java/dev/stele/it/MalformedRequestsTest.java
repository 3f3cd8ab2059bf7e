package dev.stele.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random malformed requests do no harm. How many is {@code -Dstele.test.fuzz-requests=N} (default
 * 5,000); {@code -Dstele.test.fuzz-seed=N} repeats a run, whose seed is printed.
 *
 * <p>No answer is a 5xx but 505, and that only for a first line that is not method, address and a
 * version of HTTP that the server speaks (a line break within is enough): the number means that.
 */
class MalformedRequestsTest {
  private static final int REQUESTS = Integer.getInteger("stele.test.fuzz-requests", 5_000);
  private static final long SEED = Long.getLong("stele.test.fuzz-seed", new Random().nextLong());
  private static final int CONNECTIONS = 8;
  private static final int UPLOADS = 64;
  private static final int REFRESH_EVERY = 500;
  private static final int TIMEOUT_MILLIS = 20_000;
  private static final String REPOSITORY = "fuzz/known";

  private static final Pattern STATUS = Pattern.compile("(?m)^HTTP/1\\.1 ([0-9]{3})[ \r]");
  private static final Pattern GOOD_FIRST_LINE =
      Pattern.compile("[^ \\r\\n]+ +[^ \\r\\n]+ +HTTP/1\\.[01]\\r?(\\n|$)");
  private static final Pattern STACK_TRACE =
      Pattern.compile("^\\s+at [\\w.$/@]+\\(.*\\)$|^Caused by: | ERROR ");

  /** Larger heads may be answered 431 while they are still being sent, and the answer lost. */
  private static final int LARGEST_HEAD = 8 << 10;

  @TempDir Path folder;

  private final AtomicReference<MalformedRequests.Known> known = new AtomicReference<>();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final Map<Integer, AtomicInteger> statuses = new TreeMap<>();

  @Test
  void malformedRequestsDoNoHarm() throws Exception {
    System.out.println(
        "%,d malformed requests: -Dstele.test.fuzz-seed=%d".formatted(REQUESTS, SEED));
    // Deep, so that paths that lead out of the data folder still end below the test's own.
    Path data = Files.createDirectories(folder.resolve("a/b/c/d/e/f/g/h")).resolve("data");
    List<String> workingFolder = list(Path.of(""));
    try (SteleProcess server = SteleProcess.start(data)) {
      RegistryClient client = server.client();
      MalformedRequests requests = new MalformedRequests(SEED, known::get);
      known.set(prepare(client));
      sendAll(requests, client, server.base().getPort());
      System.out.println("answers by status (0: none): " + statuses);
      assertThat(failures).as("seed %d", SEED).isEmpty();

      ImageFixture.Image image = SmallImages.image("after all that");
      client.push("fuzz/after", "v1", image);
      assertThat(client.manifest("fuzz/after", "v1").bytes()).isEqualTo(image.manifest().bytes());
      for (Content layer : image.layers()) {
        assertThat(client.blob("fuzz/after", layer.digest())).isEqualTo(layer.bytes());
      }
      SteleProcess.CommandResult verified =
          SteleProcess.run("projections", "verify", "--data", data.toString());
      assertThat(verified.exitStatus()).as(verified.output()).isZero();
      server.stop();
    }
    assertThat(filesOutside(data)).containsExactly(data.resolveSibling("data.log"));
    assertThat(list(data))
        .containsExactlyInAnyOrder("blobs", "lock", "log-checkpoint", "log-keys.pem", "postgresql");
    assertThat(list(Path.of(""))).isEqualTo(workingFolder);
    try (Stream<String> log = Files.lines(data.resolveSibling("data.log"), UTF_8)) {
      assertThat(log.filter(line -> STACK_TRACE.matcher(line).find()).limit(20)).isEmpty();
    }
  }

  /** Makes what the requests know of, again if some of them removed it. */
  private static MalformedRequests.Known prepare(RegistryClient client) {
    ImageFixture.Image image = SmallImages.image("known to the fuzzer");
    client.push(REPOSITORY, "latest", image);
    List<String> uploads = new ArrayList<>();
    for (int i = 0; i < UPLOADS; i++) {
      String location = client.startUpload(REPOSITORY);
      uploads.add(location.substring(location.lastIndexOf('/') + 1));
    }
    return new MalformedRequests.Known(
        REPOSITORY, "latest", image.layers().getFirst().digest(), image.manifest(), uploads);
  }

  private void sendAll(MalformedRequests requests, RegistryClient client, int port)
      throws Exception {
    AtomicInteger next = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        running.add(
            threads.submit(
                () -> {
                  for (int n = next.getAndIncrement();
                      n < REQUESTS && failures.size() < 20;
                      n = next.getAndIncrement()) {
                    if (n > 0 && n % REFRESH_EVERY == 0) {
                      known.set(prepare(client));
                    }
                    check(n, requests.request(n), port);
                  }
                }));
      }
      for (Future<?> future : running) {
        future.get();
      }
    }
  }

  private void check(int number, MalformedRequests.Request request, int port) {
    Answer answer = exchange(request, port);
    List<Integer> found = new ArrayList<>();
    Matcher matcher = STATUS.matcher(answer.text());
    while (matcher.find()) {
      found.add(Integer.valueOf(matcher.group(1)));
    }
    count(found.isEmpty() ? 0 : found.getFirst());
    String problem = null;
    if (answer.timedOut()) {
      problem = "no end of the answer in time";
    } else if (found.isEmpty() && request.headComplete() && !answer.cut(request)) {
      problem = "no answer";
    } else if (found.stream().anyMatch(status -> serverError(status, request))) {
      problem = "a server error";
    } else if (answer.text().contains("\nX-Injected:")) {
      problem = "a header of the client's making";
    }
    if (problem != null) {
      failures.add(
          "request %d: %s%n--- sent%n%s%n--- received%n%s"
              .formatted(number, problem, request, answer.shown()));
    }
  }

  private void count(int status) {
    AtomicInteger counter;
    synchronized (statuses) {
      counter = statuses.computeIfAbsent(status, _ -> new AtomicInteger());
    }
    counter.incrementAndGet();
  }

  private static boolean serverError(int status, MalformedRequests.Request request) {
    return status >= 500 && (status != 505 || GOOD_FIRST_LINE.matcher(request.head()).lookingAt());
  }

  /** What came back, and whether the connection ended well. */
  private record Answer(String text, boolean timedOut, boolean reset) {
    boolean cut(MalformedRequests.Request request) {
      return reset && request.head().length() > LARGEST_HEAD;
    }

    String shown() {
      return text.substring(0, Math.min(1_500, text.length()));
    }
  }

  /**
   * Sends a request on a connection of its own and reads until the server closes it. That no more
   * will be sent is shown by closing one half, so a server has no reason to wait.
   */
  private static Answer exchange(MalformedRequests.Request request, int port) {
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    boolean timedOut = false;
    boolean reset = false;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      try {
        socket.getOutputStream().write(request.bytes());
        socket.shutdownOutput();
      } catch (IOException e) {
        // The server has refused before it read everything; its answer may still be there.
        reset = true;
      }
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[16 << 10];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        received.write(buffer, 0, read);
      }
    } catch (SocketTimeoutException e) {
      timedOut = true;
    } catch (IOException e) {
      reset = true;
    }
    return new Answer(received.toString(ISO_8859_1), timedOut, reset);
  }

  private List<Path> filesOutside(Path data) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> Files.isRegularFile(file) && !file.startsWith(data)).toList();
    }
  }

  private static List<String> list(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory.toAbsolutePath())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
