package dev.stele.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs PostgreSQL's own programs, and knows the server of a cluster by its pid file. */
final class PostgresProcess {
  private final PostgresBinaries binaries;
  private final Path cluster;
  private final Path log;

  PostgresProcess(PostgresBinaries binaries, Path cluster, Path log) {
    this.binaries = binaries;
    this.cluster = cluster;
    this.log = log;
  }

  /**
   * The server that runs on the cluster, if one does. A pid file that a dead server left, perhaps
   * naming a process that came later, is no server.
   */
  Optional<ProcessHandle> running() throws IOException {
    return running(cluster);
  }

  static Optional<ProcessHandle> running(Path cluster) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(cluster.resolve("postmaster.pid"), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (lines.isEmpty() || !lines.getFirst().strip().matches("[0-9]{1,9}")) {
      return Optional.empty();
    }
    return ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
        .filter(ProcessHandle::isAlive)
        .filter(process -> process.info().command().orElse("").contains("postgres"));
  }

  /**
   * Starts the server and waits until it accepts connections.
   *
   * @throws DatabaseException with the end of the server's log, if it does not
   */
  void start(int port, List<String> settings) throws IOException {
    StringBuilder options = new StringBuilder("-p " + port);
    settings.forEach(setting -> options.append(" -c ").append(setting));
    run(
        "start PostgreSQL",
        "pg_ctl",
        "start",
        "-w",
        "-t",
        "120",
        "-D",
        cluster.toString(),
        "-l",
        log.toString(),
        "-o",
        options.toString());
  }

  /**
   * Stops the server: first by ending its sessions in order, then at once. Returns when it is gone.
   */
  void stop() throws IOException {
    Optional<ProcessHandle> server = running();
    if (server.isEmpty()) {
      return;
    }
    try {
      run(
          "stop PostgreSQL",
          "pg_ctl",
          "stop",
          "-w",
          "-t",
          "60",
          "-m",
          "fast",
          "-D",
          cluster.toString());
    } catch (DatabaseException e) {
      if (running().isPresent()) {
        run(
            "stop PostgreSQL",
            "pg_ctl",
            "stop",
            "-w",
            "-t",
            "30",
            "-m",
            "immediate",
            "-D",
            cluster.toString());
      }
    }
  }

  void initdb(Path folder, String user, Path passwordFile) throws IOException {
    run(
        "initialise PostgreSQL",
        "initdb",
        "-D",
        folder.toString(),
        "-U",
        user,
        "--auth=scram-sha-256",
        "--pwfile=" + passwordFile,
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums");
  }

  private void run(String purpose, String program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    if (isRoot()) {
      // PostgreSQL refuses to run as root; in a user namespace of its own it does not see that it
      // is.
      command.addAll(List.of("unshare", "--user"));
    }
    command.add(binaries.program(program).toString());
    command.addAll(Arrays.asList(arguments));
    Path output = Files.createTempFile("stele-postgresql-", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(cluster.getParent().toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .start();
      if (!process.waitFor(180, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw failure(purpose, "it took longer than 180 s", output);
      }
      if (process.exitValue() != 0) {
        throw failure(purpose, program + " ended with status " + process.exitValue(), output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException("interrupted while trying to " + purpose, e);
    } finally {
      Files.deleteIfExists(output);
    }
  }

  private DatabaseException failure(String purpose, String what, Path output) throws IOException {
    String hint =
        isRoot()
            ? " (as root PostgreSQL needs user namespaces, the program unshare: if they are not"
                + " permitted here, run as another user or configure database.url)"
            : "";
    return new DatabaseException(
        "cannot %s: %s%s%n%s%n%s".formatted(purpose, what, hint, tail(output), tail(log)).strip());
  }

  private static String tail(Path file) throws IOException {
    if (!Files.exists(file)) {
      return "";
    }
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }
}
