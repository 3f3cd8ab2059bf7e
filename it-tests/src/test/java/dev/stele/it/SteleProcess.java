package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/**
 * A Stele server in a JVM of its own, with its own PostgreSQL in the data folder: what a user
 * starts with {@code stele serve}. What it prints goes to a file beside the data folder, which
 * further starts on that folder continue.
 *
 * <p>Closing stops server and PostgreSQL whatever state they are in, so that no test leaves a
 * process behind. Not safe for use by several threads, except {@link #base()} and {@link
 * #client()}.
 */
final class SteleProcess implements AutoCloseable {
  /** The order of a class that takes long: it begins before the others, which fill what is left. */
  static final int LONG = 1;

  /** Where, below the data folder, PostgreSQL writes its process id (the first line). */
  static final Path POSTMASTER_PID = Path.of("postgresql", "data", "postmaster.pid");

  /**
   * Below what the kernel gives to whoever asks for any port, so that no test that runs beside this
   * one gets it before the server has it.
   */
  private static final AtomicInteger NEXT_PORT =
      new AtomicInteger(new Random().nextInt(20_000, 30_000));

  private static final String MAIN_CLASS = "dev.stele.cli.Stele";
  private static final Duration READY_WITHIN = Duration.ofMinutes(2);
  private static final Duration STOP_WITHIN = Duration.ofSeconds(60);
  private static final int TERMINATED_BY_SIGNAL = 143;

  private final Process process;
  private final Path data;
  private final Path log;
  private final URI base;
  private final Optional<SSLContext> trust;

  private SteleProcess(Process process, Path data, Path log, URI base, Optional<SSLContext> trust) {
    this.process = process;
    this.data = data;
    this.log = log;
    this.base = base;
    this.trust = trust;
  }

  /**
   * Starts a server on a free loopback port and waits until it is ready.
   *
   * @param data the data folder, created by the server where it is missing
   * @param jvmOptions such as {@code -Xmx256m}
   * @throws AssertionError with the server's output, if it does not become ready
   */
  static SteleProcess start(Path data, String... jvmOptions)
      throws IOException, InterruptedException {
    return start(data, Map.of(), jvmOptions);
  }

  /** The same, configured by variables of the environment beside. */
  static SteleProcess start(Path data, Map<String, String> environment, String... jvmOptions)
      throws IOException, InterruptedException {
    return start(data, environment, List.of(jvmOptions), List.of());
  }

  /** The same with more arguments for {@code stele serve}. */
  static SteleProcess start(
      Path data, Map<String, String> environment, List<String> jvmOptions, List<String> arguments)
      throws IOException, InterruptedException {
    return start(data, environment, jvmOptions, arguments, Optional.empty());
  }

  /** The same of a server that has TLS, if there is a context that trusts it. */
  static SteleProcess start(
      Path data,
      Map<String, String> environment,
      List<String> jvmOptions,
      List<String> arguments,
      Optional<SSLContext> trust)
      throws IOException, InterruptedException {
    int port = freePort();
    Path log = data.resolveSibling(data.getFileName() + ".log");
    List<String> command = new ArrayList<>();
    command.addAll(List.of("serve", "--listen", "127.0.0.1:" + port, "--data", data.toString()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(javaCommand(jvmOptions, command.toArray(String[]::new)))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    SteleProcess started =
        new SteleProcess(
            process,
            data,
            log,
            URI.create((trust.isPresent() ? "https" : "http") + "://127.0.0.1:" + port),
            trust);
    try {
      started.awaitReady();
    } catch (AssertionError | InterruptedException e) {
      started.close();
      throw e;
    }
    return started;
  }

  /** What a command of the program answered: its exit status and all that it printed. */
  record CommandResult(int exitStatus, String output) {}

  /** Runs another command of the program, such as {@code projections verify}, to its end. */
  static CommandResult run(String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), arguments);
  }

  /** The same, configured by variables of the environment beside. */
  static CommandResult run(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return run(environment, "-Xmx256m", List.of(arguments));
  }

  /** The same with this much memory, such as {@code -Xmx80m}. */
  static CommandResult run(Map<String, String> environment, String heap, List<String> arguments)
      throws IOException, InterruptedException {
    return run(environment, List.of(heap), arguments);
  }

  /** The same with these options of the JVM. */
  static CommandResult run(
      Map<String, String> environment, List<String> jvmOptions, List<String> arguments)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(javaCommand(jvmOptions, arguments.toArray(String[]::new)))
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new CommandResult(process.waitFor(), output);
  }

  /** Runs a command whose output goes to a file; the answer has what it complained of. */
  static CommandResult runInto(Path file, String... arguments)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(javaCommand(List.of("-Xmx256m"), arguments))
            .redirectOutput(file.toFile())
            .start();
    process.getOutputStream().close();
    String errors = new String(process.getErrorStream().readAllBytes(), UTF_8);
    return new CommandResult(process.waitFor(), errors);
  }

  private static List<String> javaCommand(List<String> jvmOptions, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(ClassArchive.options());
    command.addAll(jvmOptions);
    command.add(MAIN_CLASS);
    command.addAll(List.of(arguments));
    return command;
  }

  /** A port that nobody listens on, and nobody else is given. */
  static int freePort() throws IOException {
    while (true) {
      int port = NEXT_PORT.getAndIncrement();
      try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return port;
      } catch (BindException _) {
        // Somebody has it.
      }
    }
  }

  /**
   * Waits until {@code GET /readyz} answers 200.
   *
   * @throws AssertionError with the server's output, if it ended or is not ready in time
   */
  void awaitReady() throws InterruptedException {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    HttpClient.Builder builder = HttpClient.newBuilder();
    trust.ifPresent(builder::sslContext);
    try (HttpClient http = builder.build()) {
      HttpRequest request =
          HttpRequest.newBuilder(base.resolve("/readyz")).timeout(Duration.ofSeconds(5)).build();
      while (true) {
        String last;
        try {
          int status = http.send(request, BodyHandlers.discarding()).statusCode();
          if (status == 200) {
            return;
          }
          last = "status " + status;
        } catch (IOException e) {
          last = e.toString();
        }
        if (!process.isAlive()) {
          throw new AssertionError(
              "the server ended with status %d before it was ready:%n%s"
                  .formatted(process.exitValue(), logTail()));
        }
        if (System.nanoTime() > deadline) {
          throw new AssertionError(
              "the server was not ready within %s, last answer: %s%n%s"
                  .formatted(READY_WITHIN, last, logTail()));
        }
        Thread.sleep(20);
      }
    }
  }

  /** For example {@code http://127.0.0.1:40123}. */
  URI base() {
    return base;
  }

  /** A client for this server. */
  RegistryClient client() {
    return new RegistryClient(base);
  }

  Path data() {
    return data;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * The process id of the PostgreSQL that serves the data folder.
   *
   * @throws AssertionError if there is none
   */
  long postgresPid() throws IOException {
    return postgres(data)
        .orElseThrow(() -> new AssertionError("no PostgreSQL runs in " + data))
        .pid();
  }

  /** The PostgreSQL of that data folder, if one runs. */
  private static Optional<ProcessHandle> postgres(Path data) throws IOException {
    Path pidFile = data.resolve(POSTMASTER_PID);
    if (!Files.exists(pidFile)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(pidFile);
    if (lines.isEmpty()) {
      return Optional.empty();
    }
    // A stale file may name a process that has nothing to do with it.
    return ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
        .filter(handle -> handle.info().command().map(c -> c.endsWith("postgres")).orElse(false));
  }

  /** Ends the server as a power cut would, leaving PostgreSQL alone. */
  void kill9() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Ends PostgreSQL as a power cut would, leaving the server alone. */
  void killPostgres() throws IOException, InterruptedException {
    killPostgres(data);
  }

  private static void killPostgres(Path data) throws IOException, InterruptedException {
    Optional<ProcessHandle> postgres = postgres(data);
    if (postgres.isPresent()) {
      postgres.get().destroyForcibly();
      while (postgres.get().isAlive()) {
        Thread.sleep(5);
      }
    }
  }

  /**
   * Asks the server to stop (SIGTERM) and checks that it does, in good order: PostgreSQL is stopped
   * too.
   */
  void stop() throws IOException, InterruptedException {
    Optional<ProcessHandle> postgres = postgres(data);
    process.destroy();
    if (!process.waitFor(STOP_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError(
          "the server did not stop within %s:%n%s".formatted(STOP_WITHIN, logTail()));
    }
    assertThat(process.exitValue()).as(this::logTail).isIn(0, TERMINATED_BY_SIGNAL);
    if (postgres.isPresent()) {
      // Its pid file goes before the process does, so it may take a moment more.
      assertThat(postgres.get().onExit())
          .as("PostgreSQL ends with the server")
          .succeedsWithin(STOP_WITHIN);
    }
  }

  /** The end of what the server printed. */
  String logTail() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 200), lines.size()));
    } catch (IOException e) {
      return "(its output cannot be read: " + e + ")";
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      kill9();
    }
    killPostgres(data);
  }
}
