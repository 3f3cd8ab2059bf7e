package dev.stele.server;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.blob.S3BlobStore;
import dev.stele.blob.S3Settings;
import dev.stele.claim.StoreRefusedException;
import dev.stele.database.Database;
import dev.stele.database.DatabaseException;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.database.OtherSchemaException;
import dev.stele.engine.Engine;
import dev.stele.policy.AccessPolicy;
import dev.stele.registry.LogSigning;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.registry.TimeStamping;
import dev.stele.registry.Webhook;
import dev.stele.registry.Witness;
import dev.stele.server.audit.CloudEvents;
import dev.stele.server.auth.PemFile;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.StoreSettings;
import dev.stele.server.evidence.HttpTimeStampAuthority;
import dev.stele.server.evidence.HttpWitness;
import dev.stele.server.evidence.TimeStampSettings;
import dev.stele.server.syslog.SyslogReceiver;
import dev.stele.server.syslog.SyslogSettings;
import dev.stele.server.webhook.HttpReceiver;
import dev.stele.server.webhook.WebhookSettings;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registry with everything beneath it, as configured: the data folder's lock, PostgreSQL (its own
 * or a given one), the database, the blob store. Closed in the opposite order. Thread-safe.
 */
public final class Node implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Node.class);
  private static final Duration SUPERVISION = Duration.ofSeconds(1);

  private final Configuration configuration;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private Database database;
  private BlobStores stores;
  private Engine engine;

  private Node(Configuration configuration) {
    this.configuration = configuration;
  }

  /**
   * Opens the registry of a data folder, which is made if need be, in order to look at it.
   *
   * @throws StartupException if the folder is in use or cannot be used
   * @throws DatabaseException if the database cannot be started or opened
   */
  public static Node open(Configuration configuration) throws StartupException {
    return open(configuration, Database::open, true);
  }

  /**
   * The same for a database that is there, which stays as it is.
   *
   * @throws DatabaseException also if its schema is not that of this program
   */
  static Node look(Configuration configuration) throws StartupException {
    return open(configuration, Database::openAsItIs, false);
  }

  /** Opens a database. */
  @FunctionalInterface
  interface DatabaseOpener {
    Database open(Database.Settings settings, MeterRegistry meters);
  }

  private static Node open(Configuration configuration, DatabaseOpener opener, boolean serving)
      throws StartupException {
    Node node = new Node(configuration);
    try {
      node.open(opener, serving);
      return node;
    } catch (StartupException | RuntimeException e) {
      node.close();
      throw e;
    }
  }

  /**
   * Opens the registry of a data folder in order to serve it: like {@link #open}, and the
   * configured retention policy is put in force, also if that is none, and the work that goes on by
   * itself begins: collecting and the like.
   */
  public static Node serve(Configuration configuration) throws StartupException {
    Node node = open(configuration);
    try {
      node.claimStores();
      node.engine.retention().adopt(configuration.retention());
      node.record(configuration);
      node.engine.startBackground();
      return node;
    } catch (StartupException | RuntimeException e) {
      node.close();
      throw e;
    }
  }

  /** Before anything is appended: a database that is an older copy must not go on. */
  private void claimStores() throws StartupException {
    try {
      engine.registry().stores().claim();
    } catch (StoreRefusedException e) {
      throw new StartupException("stores." + e.store() + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new StartupException("stores: " + e.getMessage(), e);
    }
  }

  private void open(DatabaseOpener opener, boolean serving) throws StartupException {
    Path data = configuration.data().toAbsolutePath().normalize();
    EmbeddedPostgres.makeRoom(data.resolve("postgresql"));
    opened.push(DataFolderLock.take(data));
    bindJvmMetrics();
    bindMachineMetrics(data);
    stores = openStores(configuration, path -> new DiskBlobStore(path, configuration.disk()));
    opened.push(() -> close(stores));
    database = openDatabase(configuration, opener, databaseSettings(data), meters);
    opened.push(database);
    engine =
        new Engine(
            database.jdbi(),
            database.audit(),
            database::openDedicated,
            stores,
            serving ? signing(options(configuration), data) : options(configuration),
            meters);
    opened.push(engine);
    if (configuration.database().isEmpty()) {
      Path postgres = data.resolve("postgresql");
      engine
          .registry()
          .health()
          .registerAlarm(
              "data",
              () ->
                  configuration
                      .disk()
                      .alarm("the data folder", data, EmbeddedPostgres.missingRoom(postgres)));
    }
  }

  /** Where a node keeps what it signed last, beside the database. */
  static Path checkpointFile(Path data) {
    return data.resolve("log-checkpoint");
  }

  private RegistryOptions signing(RegistryOptions options, Path data) throws StartupException {
    Configuration.Evidence evidence = configuration.evidence();
    return options.withSigning(
        new LogSigning(
            LogKeys.open(evidence),
            checkpointFile(data),
            evidence.witnesses(),
            // One that has several keys is asked once for all of them.
            evidence.witnesses().witnesses().stream()
                .flatMap(witness -> witness.url().stream())
                .distinct()
                .<Witness>map(url -> new HttpWitness(url, HttpWitness.TIMEOUT))
                .toList(),
            evidence.timeStamps().isPresent()
                ? Optional.of(timeStamping(evidence.timeStamps().get()))
                : Optional.empty()));
  }

  private static TimeStamping timeStamping(TimeStampSettings settings) throws StartupException {
    try {
      return new TimeStamping(
          new HttpTimeStampAuthority(settings, HttpTimeStampAuthority.TIMEOUT),
          new PemFile("evidence.time-stamp.trusted", settings.trusted()).certificates(),
          settings.every());
    } catch (IOException e) {
      throw new StartupException(e.getMessage(), e);
    }
  }

  static RegistryOptions options(Configuration configuration) {
    Configuration.ManifestRules manifests = configuration.manifests();
    return RegistryOptions.DEFAULT
        .withSparseManifests(manifests.sparse())
        .withMostDescriptors(manifests.maxDescriptors())
        .withCollisionDetection(manifests.collisionDetection())
        .withMandatoryAnnotations(manifests.mandatoryAnnotations())
        .withImmutableTags(configuration.immutableTags())
        .withPulls(configuration.pulls())
        .withAccesses(configuration.accesses())
        .withRobotKeys(configuration.robotKeys())
        .withClockTolerance(configuration.clockTolerance())
        .withGc(configuration.gc())
        .withWebhooks(webhooks(configuration));
  }

  private static List<Webhook> webhooks(Configuration configuration) {
    CloudEvents cloudEvents = new CloudEvents(configuration.eventSource());
    // They differ in how an event is handed over, and in nothing else.
    return Stream.concat(
            configuration.webhooks().entrySet().stream()
                .map(webhook -> webhook(webhook.getKey(), webhook.getValue(), cloudEvents)),
            configuration.syslog().entrySet().stream()
                .map(syslog -> syslog(syslog.getKey(), syslog.getValue(), cloudEvents)))
        .toList();
  }

  private static Webhook webhook(String name, WebhookSettings settings, CloudEvents cloudEvents) {
    return new Webhook(
        name,
        Set.copyOf(settings.types()),
        settings.repositories(),
        settings.fromStart(),
        new HttpReceiver(settings, cloudEvents));
  }

  /** No webhook has a name with a point. */
  private static Webhook syslog(String name, SyslogSettings settings, CloudEvents cloudEvents) {
    return new Webhook(
        "syslog." + name,
        Set.copyOf(settings.types()),
        settings.repositories(),
        settings.fromStart(),
        new SyslogReceiver(settings, cloudEvents));
  }

  private void bindJvmMetrics() {
    new ClassLoaderMetrics().bindTo(meters);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
  }

  private void bindMachineMetrics(Path data) {
    Gauge.builder("stele.build", () -> 1)
        .description("1; what runs is in the labels")
        .tag(
            "version",
            Optional.ofNullable(Node.class.getPackage().getImplementationVersion())
                .orElse("development"))
        .tag("java", Runtime.version().toString())
        .register(meters);
    bindFreeSpace("data", data);
    configuration
        .stores()
        .forEach(
            (name, store) -> {
              if (store instanceof StoreSettings.Disk(Path path)) {
                bindFreeSpace(name, path);
              }
            });
  }

  private void bindFreeSpace(String folder, Path path) {
    Gauge.builder("stele.disk.free", path.toFile(), File::getUsableSpace)
        .description("Bytes that are free where the data folder or a store lies")
        .baseUnit("bytes")
        .tag("folder", folder)
        .strongReference(true)
        .register(meters);
  }

  private Database.Settings databaseSettings(Path data) {
    if (configuration.database().isPresent()) {
      return databaseSettings(configuration.database().get(), Optional.empty());
    }
    EmbeddedPostgres postgres = EmbeddedPostgres.start(data.resolve("postgresql"));
    opened.push(postgres);
    Thread supervisor =
        Thread.ofVirtual().name("postgresql-supervisor").start(() -> supervise(postgres, data));
    opened.push(
        () -> {
          supervisor.interrupt();
          supervisor.join();
        });
    return databaseSettings(
        new Configuration.DatabaseAddress(postgres.jdbcUrl(), postgres.user(), postgres.password()),
        Optional.of(EmbeddedPostgres.log(data.resolve("postgresql"))));
  }

  private Database.Settings databaseSettings(
      Configuration.DatabaseAddress address, Optional<Path> ownLog) {
    Configuration.DatabaseLimits limits = configuration.databaseLimits();
    return new Database.Settings(
        address.url(),
        address.user(),
        address.password(),
        limits.poolSize(),
        limits.auditPoolSize(),
        limits.connectTimeout(),
        limits.statementTimeout(),
        ownLog);
  }

  /**
   * Opens the database of a configuration.
   *
   * @throws StartupException if a configured one cannot be used, naming the key to look at
   * @throws DatabaseException if the embedded one cannot be opened
   */
  static Database openDatabase(
      Configuration configuration,
      DatabaseOpener opener,
      Database.Settings settings,
      MeterRegistry meters)
      throws StartupException {
    try {
      return opener.open(settings, meters);
    } catch (OtherSchemaException e) {
      throw e;
    } catch (DatabaseException e) {
      if (configuration.database().isPresent()) {
        throw UnusableDatabase.explain(e);
      }
      throw e;
    }
  }

  /** Brings a PostgreSQL that was killed back, until this node closes. */
  private void supervise(EmbeddedPostgres postgres, Path data) {
    while (!closed.get()) {
      try {
        Thread.sleep(SUPERVISION);
      } catch (InterruptedException e) {
        return;
      }
      try {
        postgres.keepRoom(configuration.disk().reserveOf(data));
        if (postgres.ensureRunning()) {
          logger.warn("PostgreSQL had died and was started again");
        }
      } catch (DatabaseException e) {
        logger.error("PostgreSQL has died and cannot be started: {}", e.getMessage());
      }
    }
  }

  /** How a folder of blobs is opened: alone, or beside the server that has it. */
  @FunctionalInterface
  interface FolderOpening {
    BlobStore open(Path folder) throws IOException;
  }

  /**
   * Opens the blob stores of a configuration.
   *
   * @throws StartupException if one cannot be used
   */
  static BlobStores openStores(Configuration configuration, FolderOpening folders)
      throws StartupException {
    Map<String, BlobStore> byPrefix = new HashMap<>();
    BlobStore defaultStore = null;
    try {
      for (Map.Entry<String, StoreSettings> store : configuration.stores().entrySet()) {
        byPrefix.put(store.getKey(), openStore(store.getKey(), store.getValue(), folders));
      }
      defaultStore = byPrefix.remove(BlobStores.DEFAULT);
      return new BlobStores(defaultStore, byPrefix).redirecting(redirecting(configuration));
    } finally {
      if (defaultStore == null) {
        byPrefix.values().forEach(Node::close);
      }
    }
  }

  private static Set<String> redirecting(Configuration configuration) {
    return configuration.stores().entrySet().stream()
        .filter(store -> store.getValue() instanceof StoreSettings.S3 s3 && s3.redirect())
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static BlobStore openStore(String name, StoreSettings settings, FolderOpening folders)
      throws StartupException {
    try {
      return switch (settings) {
        case StoreSettings.Disk(Path path) -> folders.open(path);
        case StoreSettings.S3(S3Settings s3, boolean _) -> S3BlobStore.open(s3);
      };
    } catch (IOException e) {
      String key =
          switch (settings) {
            case StoreSettings.Disk _ -> "path";
            case StoreSettings.S3 _ -> "bucket";
          };
      throw new StartupException("stores.%s.%s: %s".formatted(name, key, e.getMessage()), e);
    }
  }

  static void close(BlobStores stores) {
    for (BlobStores.Named store : stores.all()) {
      close(store.store());
    }
  }

  private static void close(BlobStore store) {
    try {
      store.close();
    } catch (IOException e) {
      logger.error("could not close a blob store", e);
    }
  }

  /**
   * Puts in force what can change while the registry runs: the retention policy and the immutable
   * tags; and records the access policy, which is the server's to put in force after that.
   *
   * @throws RegistryUnavailableException if the database is away; nothing changed then
   */
  public void reload(Configuration next) {
    // First what can fail. Should the second of these, the first is in force: it is tried again.
    boolean _ = engine.retention().adopt(next.retention());
    record(next);
    engine.makeImmutable(next.immutableTags());
  }

  private void record(Configuration next) {
    boolean _ = engine.record(AccessPolicy.inForce(next.access(), configuration.canSignIn()));
  }

  /** The engine; of its parts, the registry is asked for most. */
  public Engine engine() {
    return engine;
  }

  public Registry registry() {
    return engine.registry();
  }

  Database database() {
    return database;
  }

  BlobStores stores() {
    return stores;
  }

  /** The metrics of this node. */
  public PrometheusMeterRegistry meters() {
    return meters;
  }

  /** Closes everything; what fails to close is logged and does not keep the rest open. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    while (!opened.isEmpty()) {
      AutoCloseable next = opened.pop();
      try {
        next.close();
      } catch (Exception e) {
        logger.error("could not close {}", next.getClass().getSimpleName(), e);
      }
    }
  }
}
