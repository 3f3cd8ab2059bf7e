package dev.stele.database;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A fresh database for a test, dropped on close: without anything in it, or with the schema as the
 * migrations leave it, copied from a template that is migrated once a JVM. The server is the one at
 * {@code STELE_TEST_JDBC_URL} (with {@code STELE_TEST_JDBC_USER} and {@code
 * STELE_TEST_JDBC_PASSWORD}) if that is set, else a container where Docker answers, else an
 * embedded one; it is shared by all tests of the JVM.
 */
public final class TestDatabase implements AutoCloseable {
  private record Server(String kind, String url, String user, String password) {
    String url(String database) {
      return url.replaceFirst("/[^/?]*(\\?|$)", "/" + database + "$1");
    }
  }

  private static final class Holder {
    static final Server SERVER = find();
  }

  private static final class Template {
    static final String NAME = migrated();

    /** A template must not be connected to while it is copied, so nobody can from here on. */
    private static String migrated() {
      TestDatabase template = empty();
      template.open().close();
      template.allowConnections(false);
      if (kind().equals("environment")) { // any other server goes with the JVM
        Runtime.getRuntime().addShutdownHook(new Thread(template::close));
      }
      return template.name;
    }
  }

  private final String name;
  private final boolean hasSchema;

  private TestDatabase(String name, boolean hasSchema) {
    this.name = name;
    this.hasSchema = hasSchema;
  }

  /** Makes a database with the schema and nothing in its log. */
  public static TestDatabase create() {
    return create(" TEMPLATE " + Template.NAME, true);
  }

  /** Makes a copy of this one, to which nobody may be connected meanwhile. */
  public TestDatabase copy() {
    return create(" TEMPLATE " + name, hasSchema);
  }

  /** Makes a database in which nothing is. */
  public static TestDatabase empty() {
    return create("", false);
  }

  private static TestDatabase create(String how, boolean hasSchema) {
    String name = "stele_" + UUID.randomUUID().toString().replace("-", "");
    execute("CREATE DATABASE " + name + how);
    return new TestDatabase(name, hasSchema);
  }

  /**
   * Which kind of server the tests use: {@code environment}, {@code testcontainers} or {@code
   * embedded}.
   */
  public static String kind() {
    return Holder.SERVER.kind();
  }

  public String url() {
    return Holder.SERVER.url(name);
  }

  public String user() {
    return Holder.SERVER.user();
  }

  public String password() {
    return Holder.SERVER.password();
  }

  /** A connection as the schema's owner. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url(), user(), password());
  }

  /** Whether new connections are accepted from now on; those that there are stay. */
  public void allowConnections(boolean allowed) {
    execute("ALTER DATABASE %s ALLOW_CONNECTIONS %b".formatted(name, allowed));
  }

  /** Ends all sessions; whether later ones may only read. */
  public void readOnly(boolean readOnly) {
    execute("ALTER DATABASE %s SET default_transaction_read_only = %b".formatted(name, readOnly));
    execute(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '%s'
        """
            .formatted(name));
  }

  /** Migrates it, unless it came with the schema, and opens a pool. */
  public Database open() {
    return open(new SimpleMeterRegistry());
  }

  public Database open(MeterRegistry meters) {
    Database.Settings settings = new Database.Settings(url(), user(), password(), 16);
    return hasSchema ? Database.openAsItIs(settings, meters) : Database.open(settings, meters);
  }

  @Override
  public void close() {
    execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
  }

  private static void execute(String sql) {
    Server server = Holder.SERVER;
    try (Connection connection =
            DriverManager.getConnection(server.url(), server.user(), server.password());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static Server find() {
    Server server =
        fromEnvironment().or(TestDatabase::fromDocker).orElseGet(TestDatabase::embedded);
    System.out.println("Tests use PostgreSQL from: " + server.kind() + " (" + server.url() + ")");
    return server;
  }

  private static Optional<Server> fromEnvironment() {
    return Optional.ofNullable(System.getenv("STELE_TEST_JDBC_URL"))
        .map(
            url ->
                new Server(
                    "environment",
                    url,
                    System.getenv().getOrDefault("STELE_TEST_JDBC_USER", "postgres"),
                    System.getenv().getOrDefault("STELE_TEST_JDBC_PASSWORD", "")));
  }

  @SuppressWarnings(
      "resource") // lives as long as the JVM; Testcontainers or the shutdown hook removes it
  private static Optional<Server> fromDocker() {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      return Optional.empty();
    }
    PostgreSQLContainer container = new PostgreSQLContainer("postgres:15-alpine");
    container.start();
    Runtime.getRuntime().addShutdownHook(new Thread(container::stop));
    return Optional.of(
        new Server(
            "testcontainers",
            container.getJdbcUrl(),
            container.getUsername(),
            container.getPassword()));
  }

  private static Server embedded() {
    try {
      Path folder = Files.createTempDirectory("stele-test-postgresql-");
      EmbeddedPostgres postgres = startServer(folder);
      cheapenLogins(postgres);
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    postgres.close();
                    try {
                      Folders.delete(folder);
                    } catch (IOException e) {
                      System.err.println("cannot remove " + folder + ": " + e);
                    }
                  }));
      return new Server("embedded", postgres.jdbcUrl(), postgres.user(), postgres.password());
    } catch (IOException e) {
      throw new IllegalStateException("cannot make a folder for the tests' database", e);
    }
  }

  /**
   * What makes guessing a password expensive, as it should be, takes both sides of each connection
   * the longest; and a test has a pool or two of its own.
   */
  private static void cheapenLogins(EmbeddedPostgres postgres) {
    try (Connection connection =
            DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
        Statement statement = connection.createStatement()) {
      statement.execute("SET scram_iterations = 1");
      statement.execute(
          "ALTER ROLE %s PASSWORD '%s'".formatted(postgres.user(), postgres.password()));
    } catch (SQLException e) {
      throw new IllegalStateException("cannot change the password's verifier", e);
    }
  }

  /**
   * A server of the test's own in that folder, which it may kill. It does not outlast a power cut.
   */
  public static EmbeddedPostgres startServer(Path folder) {
    return EmbeddedPostgres.start(
        folder, programsFolder(), List.of("fsync=off", "full_page_writes=off"));
  }

  /** Unpacked once for all tests of this user. */
  static Path programsFolder() {
    return Path.of(
        System.getProperty("java.io.tmpdir"), "stele-test-" + System.getProperty("user.name"));
  }
}
