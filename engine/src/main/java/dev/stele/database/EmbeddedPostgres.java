package dev.stele.database;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL of our own in a folder: {@code programs-*} (unpacked once), {@code data} (the
 * cluster), {@code password} (of the superuser, readable by the owner only) and {@code server.log}.
 * It listens on loopback only, on a port that is free when it starts, and demands the password.
 *
 * <p>The server outlives this process if that is killed. The next {@link #start} finds it by its
 * pid file and stops it before it starts its own. Thread-safe.
 */
public final class EmbeddedPostgres implements AutoCloseable {
  /** The cluster's superuser, who owns the schema. */
  public static final String USER = "postgres";

  /** An acknowledged write is never lost: these are never weakened for a registry. */
  private static final List<String> DURABLE =
      List.of("fsync=on", "full_page_writes=on", "synchronous_commit=on");

  /** How long a server that was left over may take to stop in order: a start waits for it. */
  private static final Duration LEFT_OVER_STOPS_WITHIN = Duration.ofSeconds(10);

  private static final Duration STOPS_WITHIN = Duration.ofSeconds(60);

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private static final Logger logger = LoggerFactory.getLogger(EmbeddedPostgres.class);

  private final PostgresProcess process;
  private final Ballast ballast;
  private final int port;
  private final String password;
  private final List<String> settings;
  private boolean closed;

  private EmbeddedPostgres(
      PostgresProcess process, Ballast ballast, int port, String password, List<String> settings) {
    this.process = process;
    this.ballast = ballast;
    this.port = port;
    this.password = password;
    this.settings = settings;
  }

  /**
   * Starts the server in a folder, which is made if need be. Only one process may use a folder; the
   * caller sees to that.
   *
   * @throws DatabaseException if it cannot be started, with the reason
   */
  public static EmbeddedPostgres start(Path folder) {
    return start(folder, folder, DURABLE);
  }

  /** For tests: programs that several share, and settings that give up durability for speed. */
  static EmbeddedPostgres start(Path folder, Path programsFolder, List<String> durability) {
    try {
      Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      Files.createDirectories(programsFolder);
      Path absolute = folder.toRealPath();
      PostgresBinaries binaries = PostgresBinaries.unpack(programsFolder.toRealPath());
      Path cluster = absolute.resolve("data");
      PostgresProcess process = new PostgresProcess(binaries, cluster, log(absolute));
      if (!Files.isDirectory(cluster)) {
        initialise(process, absolute, cluster);
      }
      requireSameMajorVersion(binaries, cluster);
      process
          .running()
          .ifPresent(
              server ->
                  logger.warn(
                      "PostgreSQL (process {}) is still running on {}; stopping it",
                      server.pid(),
                      cluster));
      process.stop(LEFT_OVER_STOPS_WITHIN);
      EmbeddedPostgres postgres =
          new EmbeddedPostgres(
              process,
              new Ballast(absolute),
              freePort(),
              Files.readString(absolute.resolve("password")).strip(),
              serverSettings(durability));
      postgres.startProcess();
      return postgres;
    } catch (IOException e) {
      throw new DatabaseException(
          "cannot start PostgreSQL in " + folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * The cluster is made under another name and renamed when whole, so that an interrupted attempt
   * leaves no half.
   */
  private static void initialise(PostgresProcess process, Path folder, Path cluster)
      throws IOException {
    Folders.deleteLeftovers(folder, "initialising-");
    Path password = folder.resolve("password");
    Files.deleteIfExists(password);
    Files.createFile(
        password,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    byte[] random = new byte[24];
    new SecureRandom().nextBytes(random);
    Files.writeString(password, HexFormat.of().formatHex(random) + "\n", StandardCharsets.US_ASCII);
    Path fresh = folder.resolve("initialising-" + UUID.randomUUID());
    process.initdb(fresh, USER, password);
    Files.move(fresh, cluster, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void requireSameMajorVersion(PostgresBinaries binaries, Path cluster)
      throws IOException {
    String theirs = Files.readString(cluster.resolve("PG_VERSION")).strip();
    String ours = binaries.majorVersion();
    if (!theirs.equals(ours)) {
      throw new DatabaseException(
          ("the data in %s was written by PostgreSQL %s, but this Stele brings PostgreSQL %s: dump"
                  + " it with the older version, or run a PostgreSQL %s yourself and configure"
                  + " database.url")
              .formatted(cluster, theirs, ours, theirs));
    }
  }

  /** How to reach a server. */
  public record Address(String jdbcUrl, String user, String password) {
    /** Does not show the password. */
    @Override
    public String toString() {
      return "Address[jdbcUrl=" + jdbcUrl + ", user=" + user + "]";
    }
  }

  /** The server that another process runs in a folder, if one does. */
  public static Optional<Address> running(Path folder) {
    try {
      Path cluster = folder.toAbsolutePath().resolve("data");
      if (PostgresProcess.running(cluster).isEmpty()) {
        return Optional.empty();
      }
      // The fourth line of the pid file is the port (PostgreSQL's miscadmin.h).
      String port = Files.readAllLines(cluster.resolve("postmaster.pid")).get(3).strip();
      return Optional.of(
          new Address(
              "jdbc:postgresql://127.0.0.1:" + port + "/postgres",
              USER,
              Files.readString(folder.resolve("password")).strip()));
    } catch (IOException e) {
      throw new DatabaseException(
          "cannot look for PostgreSQL in " + folder + ": " + e.getMessage(), e);
    }
  }

  private static List<String> serverSettings(List<String> durability) {
    List<String> common =
        List.of(
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=100",
            "shared_buffers=128MB",
            "max_wal_size=2GB",
            "password_encryption=scram-sha-256",
            "timezone=UTC",
            "log_timezone=UTC",
            "jit=off");
    return java.util.stream.Stream.concat(common.stream(), durability.stream()).toList();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The log that the server of a folder writes. */
  public static Path log(Path folder) {
    return folder.resolve("server.log");
  }

  public String jdbcUrl() {
    return jdbcUrl("postgres");
  }

  /** The URL of one of the server's databases. */
  String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
  }

  public String user() {
    return USER;
  }

  public String password() {
    return password;
  }

  /** The server's process id; throws if it is not running. */
  public long pid() {
    try {
      return process
          .running()
          .orElseThrow(() -> new DatabaseException("PostgreSQL is not running"))
          .pid();
    } catch (IOException e) {
      throw new DatabaseException("cannot read PostgreSQL's pid file: " + e.getMessage(), e);
    }
  }

  private void startProcess() throws IOException {
    boolean _ = ballast.releaseIfShort();
    process.start(port, settings);
  }

  /** How many bytes {@link #keepRoom} still has to take, so that they are nobody else's. */
  public static long missingRoom(Path folder) {
    return new Ballast(folder).missing();
  }

  /**
   * Makes room on a full disk for what a start writes. To be called before anything is written
   * there.
   */
  public static void makeRoom(Path folder) {
    try {
      boolean _ = new Ballast(folder).releaseIfShort();
    } catch (IOException e) {
      throw new DatabaseException("cannot make room in " + folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * Keeps room for the server on its disk, and gives it up when the disk is full otherwise. To be
   * called every second or so.
   *
   * @param beside how many bytes must be free beside before the room is taken again
   */
  public synchronized void keepRoom(long beside) {
    try {
      if (!closed && !ballast.releaseIfShort()) {
        ballast.makeIfRoom(beside);
      }
    } catch (IOException e) {
      logger.warn("no room could be kept for PostgreSQL: {}", e.getMessage());
    }
  }

  /** Starts the server again, on the same port, if it has died. Returns whether it had. */
  public synchronized boolean ensureRunning() {
    try {
      if (closed || process.running().isPresent()) {
        return false;
      }
      logger.error("PostgreSQL has died; starting it again");
      startProcess();
      return true;
    } catch (IOException e) {
      throw new DatabaseException("cannot start PostgreSQL again: " + e.getMessage(), e);
    }
  }

  /** Stops the server and waits until it is gone. Does nothing the second time. */
  @Override
  public synchronized void close() {
    closed = true;
    try {
      process.stop(STOPS_WITHIN);
    } catch (IOException e) {
      throw new DatabaseException("cannot stop PostgreSQL: " + e.getMessage(), e);
    }
  }
}
