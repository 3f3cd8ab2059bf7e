package dev.stele.bench;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A registry on a loopback port: a process of its own, with its data in a folder of its own, which
 * closing stops. Not safe for use by several threads, except {@link #connect()}.
 */
final class RegistryUnderTest implements AutoCloseable {
  private static final long READY_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final String name;
  private final int port;
  private final Process process;

  private RegistryUnderTest(String name, int port, Process process) {
    this.name = name;
    this.port = port;
    this.process = process;
  }

  /**
   * Starts Stele as this program was started, so that what is measured is what the launcher starts:
   * with the same JDK, the same options of the JVM, and all of the class path that is not the
   * benchmark's, which is what the ahead-of-time cache was made for.
   *
   * @param jvmOptions more of them, which win
   * @param environment what is configured beside what this program's own environment says
   */
  static RegistryUnderTest stele(
      Path folder, List<String> jvmOptions, Map<String, String> environment)
      throws IOException, InterruptedException {
    int port = freePort();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // The program's own properties, such as how wide its terminal is, are not for a server.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-Dstele."))
        .forEach(command::add);
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", productClassPath(), "dev.stele.cli.Stele"));
    command.addAll(List.of("serve", "--listen", "127.0.0.1:" + port, "--data"));
    command.add(folder.resolve("data").toString());
    return start("Stele", port, folder, command, environment, "/readyz");
  }

  private static String productClassPath() {
    URL here = RegistryUnderTest.class.getProtectionDomain().getCodeSource().getLocation();
    Path benchmark = Path.of(URI.create(here.toString()));
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .filter(entry -> !Path.of(entry).toAbsolutePath().equals(benchmark))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * Starts Debian's docker-registry as its package configures it (files on disk, descriptors cached
   * in memory), but on a loopback port and without passwords, which Stele here has none of either.
   * Empty if it is not on the PATH.
   */
  static Optional<RegistryUnderTest> dockerRegistry(Path folder)
      throws IOException, InterruptedException {
    Optional<Path> executable = onPath("docker-registry");
    if (executable.isEmpty()) {
      return Optional.empty();
    }
    int port = freePort();
    Files.createDirectories(folder);
    Path configuration = folder.resolve("config.yml");
    Files.writeString(
        configuration,
        """
        version: 0.1
        storage:
          cache:
            blobdescriptor: inmemory
          filesystem:
            rootdirectory: '%s'
          delete:
            enabled: true
        http:
          addr: 127.0.0.1:%d
          headers:
            X-Content-Type-Options: [nosniff]
        """
            .formatted(folder.resolve("data"), port));
    List<String> command = List.of(executable.get().toString(), "serve", configuration.toString());
    return Optional.of(start("docker-registry", port, folder, command, Map.of(), "/v2/"));
  }

  /**
   * Starts zot, with files on disk and synced before it acknowledges them, as Stele's are. Empty if
   * it is not on the PATH.
   */
  static Optional<RegistryUnderTest> zot(Path folder) throws IOException, InterruptedException {
    Optional<Path> executable = onPath("zot");
    if (executable.isEmpty()) {
      return Optional.empty();
    }
    int port = freePort();
    Files.createDirectories(folder);
    Path configuration = folder.resolve("config.json");
    Files.writeString(
        configuration,
        """
        {"distSpecVersion": "1.1.1",
         "storage": {"rootDirectory": "%s", "commit": true, "gc": false},
         "http": {"address": "127.0.0.1", "port": "%d"},
         "log": {"level": "error"}}
        """
            .formatted(folder.resolve("data"), port));
    List<String> command = List.of(executable.get().toString(), "serve", configuration.toString());
    return Optional.of(start("zot", port, folder, command, Map.of(), "/v2/"));
  }

  private static Optional<Path> onPath(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String folder : path.split(File.pathSeparator, -1)) {
      Path candidate = Path.of(folder, program);
      if (Files.isExecutable(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static RegistryUnderTest start(
      String name,
      int port,
      Path folder,
      List<String> command,
      Map<String, String> environment,
      String readyPath)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path log = folder.resolve("output.log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    RegistryUnderTest started = new RegistryUnderTest(name, port, process);
    long deadline = System.nanoTime() + READY_WITHIN_NANOS;
    while (!started.isReady(readyPath)) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        started.close();
        throw new IOException(
            name + " did not become ready:" + System.lineSeparator() + Files.readString(log));
      }
      Thread.sleep(50);
    }
    return started;
  }

  private boolean isReady(String path) {
    try (HttpConnection connection = connect()) {
      return connection.send("GET", path, "").status() == 200;
    } catch (IOException e) {
      // Not listening yet.
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  String name() {
    return name;
  }

  HttpConnection connect() throws IOException {
    return new HttpConnection(port);
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
