package dev.stele.server;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.FileFailure;
import dev.stele.database.Database;
import dev.stele.database.DatabaseException;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.engine.Engine;
import dev.stele.event.EventCodec;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.log.LogReader;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.projection.ProgressListener;
import dev.stele.projection.Verification;
import dev.stele.registry.Caller;
import dev.stele.registry.LogSigning;
import dev.stele.registry.Registry;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.config.Configuration;
import dev.stele.verify.CheckpointCheck;
import dev.stele.verify.Finding;
import dev.stele.verify.Fsck;
import dev.stele.verify.Scrub;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The database of a configuration, opened to look at it and to work on it, whether its server is
 * running or not. A running server's own PostgreSQL is shared; otherwise it is started and stopped
 * again. Its schema stays as it is: a program of another version than the one that serves it is
 * refused. Used by one thread.
 */
public final class Inspection implements AutoCloseable {
  /** The actor of what a scrub records. A user's name cannot have a colon. */
  public static final String SCRUB = "stele:scrub";

  private static final int POOL_SIZE = 2;
  private static final int LONGEST_NAME = 200;

  /** Nobody else waits. */
  private static final Configuration.AuditLimits UNHURRIED =
      new Configuration.AuditLimits(1, 1, Duration.ofDays(365));

  private final Configuration configuration;
  private final Database database;
  private final BlobStores stores;
  private final Optional<Node> node;
  private Optional<Engine> own = Optional.empty();

  private Inspection(
      Configuration configuration, Database database, BlobStores stores, Optional<Node> node) {
    this.configuration = configuration;
    this.database = database;
    this.stores = stores;
    this.node = node;
  }

  /**
   * Opens the database, which must be there: a look at a registry makes none.
   *
   * @throws StartupException if the data folder has no registry or cannot be used
   * @throws DatabaseException if the database has another schema than this program knows
   */
  public static Inspection open(Configuration configuration) throws StartupException {
    Path folder = configuration.data().toAbsolutePath().normalize().resolve("postgresql");
    if (configuration.database().isPresent()) {
      Configuration.DatabaseAddress given = configuration.database().get();
      return open(configuration, given.url(), given.user(), given.password());
    }
    checkThere(configuration.data(), folder);
    Optional<EmbeddedPostgres.Address> running = EmbeddedPostgres.running(folder);
    if (running.isPresent()) {
      EmbeddedPostgres.Address address = running.get();
      return open(configuration, address.jdbcUrl(), address.user(), address.password());
    }
    Node node = Node.look(configuration);
    return new Inspection(configuration, node.database(), node.stores(), Optional.of(node));
  }

  private static void checkThere(Path data, Path folder) throws StartupException {
    try {
      list(folder);
      Path cluster = folder.resolve("data");
      if (Files.isDirectory(cluster)) {
        list(cluster);
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      throw new StartupException(
          "data: there is no registry in %s; name its folder with --data, or its configuration with --config; a question can ask a server (--server URL, or stele login)"
              .formatted(data),
          e);
    } catch (IOException e) {
      throw new StartupException(
          "data: the data folder %s cannot be used: %s".formatted(data, FileFailure.reason(e)), e);
    }
  }

  /** Unlike asking whether it is there, tells a folder that others hide from one that is not. */
  private static void list(Path folder) throws IOException {
    try (DirectoryStream<Path> _ = Files.newDirectoryStream(folder)) {}
  }

  private static Inspection open(
      Configuration configuration, String url, String user, String password)
      throws StartupException {
    BlobStores stores = Node.openStores(configuration, DiskBlobStore::beside);
    return new Inspection(
        configuration,
        Node.openDatabase(
            configuration,
            Database::openAsItIs,
            new Database.Settings(
                url,
                user,
                password,
                POOL_SIZE,
                POOL_SIZE,
                configuration.databaseLimits().connectTimeout(),
                configuration.databaseLimits().statementTimeout(),
                Optional.empty()),
            new SimpleMeterRegistry()),
        stores,
        Optional.empty());
  }

  /**
   * Replays the log and compares the result with the live views.
   *
   * @param anew whether to begin from the start, though a verification was cut off
   * @param progress is told how far it is
   */
  public Verification.Report verifyProjections(boolean anew, ProgressListener progress) {
    return new Verification(new LogReader(new EventCodec())).run(database.jdbi(), anew, progress);
  }

  /** The checks of the log and of the stores. */
  public Fsck fsck() {
    return new Fsck(database.jdbi(), stores);
  }

  /** Holds the log against checkpoints, each signed by one of some keys at least. */
  public CheckpointCheck.Result checkCheckpoints(
      Collection<SignedNote> checkpoints, Collection<NoteKey> keys, ProgressListener progress) {
    return new CheckpointCheck(database.audit()).run(checkpoints, keys, progress);
  }

  /**
   * The keys by which others check what this machine signs; none if there are none yet.
   *
   * @throws StartupException if they cannot be read
   */
  public List<NoteKey> logKeys() throws StartupException {
    return LogKeys.read(configuration.evidence()).stream()
        .flatMap(List::stream)
        .map(SigningKey::verifier)
        .toList();
  }

  /**
   * How this machine signs the log; empty if it never did.
   *
   * @throws StartupException if the keys cannot be read
   */
  public Optional<LogSigning> logSigning() throws StartupException {
    return LogKeys.read(configuration.evidence())
        .map(keys -> new LogSigning(keys, Node.checkpointFile(configuration.data())));
  }

  /** A registry over the same database and stores, beside that of a running server. */
  public Registry registry() {
    return engine().registry();
  }

  private Engine engine() {
    if (node.isPresent()) {
      return node.get().engine();
    }
    if (own.isEmpty()) {
      own =
          Optional.of(
              new Engine(
                  database.jdbi(),
                  database.audit(),
                  database::openDedicated,
                  stores,
                  Node.options(configuration),
                  new SimpleMeterRegistry()));
      own.get().registry().collecting().besideServers();
    }
    return own.get();
  }

  /**
   * Lets the views that follow the log take in what there is, where no server does: it may have
   * been stopped before they had.
   */
  public void catchUp() {
    if (database.otherPrograms().isEmpty()) {
      registry().log().index();
      registry().archive().buildExposure();
    }
  }

  /**
   * Re-hashes everything that is stored; see {@link dev.stele.registry.OwnStores#scrub}. What it
   * finds is appended to the log beside a running server, whose lane is another.
   *
   * @param bytesPerSecond how fast stored objects are read at most
   * @throws IOException if a store cannot be used
   */
  public Scrub.Summary scrub(
      long bytesPerSecond, Consumer<Finding> findings, ProgressListener progress)
      throws IOException {
    return registry()
        .stores()
        .scrub(
            new Caller(Identity.system(SCRUB), Origin.NONE, "scrub-" + UUID.randomUUID()),
            bytesPerSecond,
            findings,
            progress);
  }

  /**
   * Whoever works on this machine, as the record names them and the operating system knows them: by
   * the user id of this process, whatever its properties and environment say. A user's name cannot
   * have a colon.
   */
  public static Caller operator() {
    return new Caller(
        new Identity(actor(OperatingSystemUser.name()), Identity.Kind.LOCAL, Optional.empty()),
        Origin.NONE,
        "cli-" + UUID.randomUUID());
  }

  /**
   * The same, who says why.
   *
   * @throws IllegalArgumentException if that is no reason
   */
  public static Caller operator(String reason) {
    Caller caller = operator();
    return new Caller(
        caller.identity(),
        caller.origin(),
        caller.requestId(),
        Optional.of(reason),
        caller.movesTags());
  }

  /**
   * How the record names a user of this machine.
   *
   * @throws IllegalArgumentException if there is no such name; the message continues what it is
   */
  static String actor(String user) {
    if (user.isBlank() || user.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "must name who asks, in 1 to %d characters".formatted(LONGEST_NAME));
    }
    return "cli:" + user;
  }

  /**
   * Serves the same over HTTP to the caller alone, who is let in by a credential: so what is asked
   * is asked in one way, whether a server runs or not.
   */
  public SteleServer serve(LocalCredential credential) throws StartupException {
    Logging.withoutRequests();
    return SteleServer.start(
        engine(),
        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
        ServerSettings.on(new ListenAddress("127.0.0.1", 0))
            .withAudit(UNHURRIED)
            .withAccess(configuration.access())
            .withLocal(credential));
  }

  @Override
  public void close() {
    own.ifPresent(Engine::close);
    node.ifPresentOrElse(
        Node::close,
        () -> {
          database.close();
          Node.close(stores);
        });
  }
}
