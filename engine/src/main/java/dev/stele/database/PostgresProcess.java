package dev.stele.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs PostgreSQL's own programs, and knows the server of a cluster by its pid file. */
final class PostgresProcess {
  private static final String PID_FILE = "postmaster.pid";

  /** No process ever has this number: it is past every system's limit. */
  private static final String NO_PROCESS = Integer.toString(Integer.MAX_VALUE);

  private static final Logger logger = LoggerFactory.getLogger(PostgresProcess.class);

  private static final Duration ORPHANS_END_WITHIN = Duration.ofSeconds(15);

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
    return recordedPid(pidFileLines(cluster))
        .flatMap(ProcessHandle::of)
        .filter(ProcessHandle::isAlive)
        .filter(process -> serves(process, cluster));
  }

  private static List<String> pidFileLines(Path cluster) throws IOException {
    try {
      return Files.readAllLines(cluster.resolve(PID_FILE), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** The number in the pid file's first line (PostgreSQL's miscadmin.h), if there is one. */
  private static Optional<Long> recordedPid(List<String> lines) {
    return lines.stream()
        .limit(1)
        .map(String::strip)
        .filter(line -> line.matches("[0-9]{1,10}"))
        .map(Long::valueOf)
        .findFirst();
  }

  /**
   * Whether a process really is a PostgreSQL on that cluster: neither something else that got its
   * number later, nor the PostgreSQL of another folder, which must not be stopped. Nor is a zombie
   * one: where our process is a container's first, nobody reaps a stopped server.
   */
  private static boolean serves(ProcessHandle process, Path cluster) {
    if (Files.isDirectory(Path.of("/proc/self"))) {
      Path entry = Path.of("/proc", Long.toString(process.pid()));
      try {
        // Not an equality: the kernel appends " (deleted)" when the file was replaced.
        return Files.readSymbolicLink(entry.resolve("exe"))
                .getFileName()
                .toString()
                .startsWith("postgres")
            && Files.isSameFile(entry.resolve("cwd"), cluster);
      } catch (IOException e) {
        // Gone, a zombie, or a process of another user, which is none that we started.
        return false;
      }
    }
    return process.info().command().orElse("").endsWith("/postgres")
        && process.info().arguments().stream()
            .flatMap(Arrays::stream)
            .anyMatch(cluster.toString()::equals);
  }

  /**
   * Makes the pid file of a dead server harmless. PostgreSQL refuses to start while any process has
   * the number in it, and numbers return: after a reboot soon, in a container at once. Only the
   * number is replaced, since by the file's other lines PostgreSQL finds out whether orphans of the
   * dead server still use the cluster's memory. An empty file, cut short by a crash, it wants gone.
   */
  private void disarmPidFile() throws IOException {
    Path file = cluster.resolve(PID_FILE);
    if (!Files.exists(file) || running().isPresent()) {
      return;
    }
    List<String> lines = new ArrayList<>(pidFileLines(cluster));
    if (recordedPid(lines).isEmpty()) {
      Files.delete(file);
      return;
    }
    lines.set(0, NO_PROCESS);
    Files.write(file, lines, StandardCharsets.UTF_8);
  }

  /**
   * Starts the server and waits until it accepts connections.
   *
   * @throws DatabaseException with the end of the server's log, if it does not
   */
  void start(int port, List<String> settings) throws IOException {
    StringBuilder options = new StringBuilder("-p " + port);
    settings.forEach(setting -> options.append(" -c ").append(setting));
    long deadline = System.nanoTime() + ORPHANS_END_WITHIN.toNanos();
    while (true) {
      disarmPidFile();
      try {
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
        return;
      } catch (DatabaseException e) {
        // The sessions of a killed server need a moment to notice that it is gone.
        if (!tail(log).contains("pre-existing shared memory block")
            || System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
    }
  }

  /**
   * Stops the server: first by ending its sessions in order and writing all that is in memory to
   * disk; if that takes long, at once, so that the next start repeats it from the log. Returns when
   * it is gone.
   *
   * @param orderly how long it may take to stop in order
   */
  void stop(Duration orderly) throws IOException {
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
          Long.toString(orderly.toSeconds()),
          "-m",
          "fast",
          "-D",
          cluster.toString());
    } catch (DatabaseException e) {
      if (running().isPresent()) {
        logger.warn(
            "PostgreSQL (process {}) has not stopped in {} s: it waits for its sessions to end, or"
                + " for its disk; stopping it at once, and its next start recovers",
            server.get().pid(),
            orderly.toSeconds());
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
    awaitEnd(server.get());
  }

  /** pg_ctl is content when the pid file is gone, which is a moment before the process is. */
  private static void awaitEnd(ProcessHandle server) {
    try {
      server.onExit().get(10, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new DatabaseException("PostgreSQL (process " + server.pid() + ") does not end", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a process's end is no computation that can fail", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(cluster.getParent().toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
      // Nobody's PGDATA or PGOPTIONS changes what we start.
      builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
      Process process = builder.start();
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
    String told = tail(output);
    String hint =
        isRoot() && told.contains("unshare")
            ? " (as root PostgreSQL needs user namespaces, the program unshare: if they are not"
                + " permitted here, run as another user or configure database.url)"
            : "";
    return new DatabaseException(
        "cannot %s: %s%s%n%s%n%s".formatted(purpose, what, hint, told, tail(log)).strip());
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
