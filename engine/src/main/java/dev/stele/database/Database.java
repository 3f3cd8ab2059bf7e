package dev.stele.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.stele.sql.Values;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Jdbi;

/**
 * An opened database: migrated, with a pool whose connections act as {@value #RUNTIME_ROLE}, a role
 * that cannot change or delete events. Thread-safe.
 */
public final class Database implements AutoCloseable {
  /** The role that the running registry uses. It owns nothing. */
  public static final String RUNTIME_ROLE = "stele_runtime";

  private static final int OLDEST_SERVER_VERSION = 15;

  /** How long a start waits for a PostgreSQL that this program runs: a loaded machine is slow. */
  private static final Duration OWN_SERVER_START = Duration.ofSeconds(60);

  /** One is enough on an idle pool; on a busy one it takes luck. */
  private static final int SESSION_CHECKS = 6;

  /** How much longer the network may be silent than a statement may take. */
  private static final Duration SILENCE_AFTER_STATEMENT = Duration.ofSeconds(10);

  /**
   * What the server does about a client that is frozen, cut off or gone: it ends a transaction that
   * is left open after 5 s, and a session whose client's machine does not answer within about 25 s,
   * which would be two hours otherwise. It looks whether the client is still there also while a
   * statement runs or waits for a lock.
   */
  private static final String GIVE_UP_CLIENTS =
      """
      SET idle_in_transaction_session_timeout = '5s'; SET client_connection_check_interval = '5s';
      SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
      SET tcp_user_timeout = '25s';
      """;

  /** A request does not wait for a row that somebody has locked for longer than work takes. */
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(2);

  /**
   * Appending waits for the other nodes' turns, and for the server to end the session of one that
   * is frozen in its turn.
   */
  private static final Duration LANE_LOCK_TIMEOUT = Duration.ofSeconds(10);

  /**
   * Where the database is.
   *
   * @param user owns the schema and may create {@value #RUNTIME_ROLE} or has been granted it
   * @param poolSize the most connections for pushes and pulls; the append lane, the listeners and
   *     leading have four more
   * @param auditPoolSize the most connections for questions about the record and for what goes on
   *     by itself, so that pushes and pulls never wait for those
   * @param connectTimeout how long to wait for a connection, new or from the pool; a second at
   *     least
   * @param statementTimeout how long a statement may take before the database ends it
   * @param ownLog the log of the server if it is one that this program runs: then a start waits for
   *     it a minute, and errors name that file rather than an address that nobody configured
   */
  public record Settings(
      String url,
      String user,
      String password,
      int poolSize,
      int auditPoolSize,
      Duration connectTimeout,
      Duration statementTimeout,
      Optional<Path> ownLog) {
    /** How long a start waits for the server. */
    Duration startTimeout() {
      return ownLog.isPresent() && connectTimeout.compareTo(OWN_SERVER_START) < 0
          ? OWN_SERVER_START
          : connectTimeout;
    }

    /** With half as many connections beside, 5 s to connect and 30 s for a statement. */
    public Settings(String url, String user, String password, int poolSize) {
      this(
          url,
          user,
          password,
          poolSize,
          Math.max(1, poolSize / 2),
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Optional.empty());
    }

    /** The URL without its parameters, among which a password may be; or whose server it is. */
    String place() {
      return ownLog.isPresent()
          ? "the embedded PostgreSQL (its log is %s)".formatted(ownLog.get())
          : url.replaceFirst("\\?.*", "");
    }

    /** Does not show the password. */
    @Override
    public String toString() {
      return "Settings[url=" + place() + ", user=" + user + ", poolSize=" + poolSize + "]";
    }
  }

  private final Settings settings;
  private final HikariDataSource pool;
  private final HikariDataSource auditPool;
  private final Jdbi jdbi;
  private final Jdbi audit;

  private Database(Settings settings, MeterRegistry meters) {
    this.settings = settings;
    this.pool = pool(settings, "stele", settings.poolSize(), meters);
    this.auditPool = pool(settings, "stele-audit", settings.auditPoolSize(), meters);
    this.jdbi = Values.known(Jdbi.create(pool));
    this.audit = Values.known(Jdbi.create(auditPool));
  }

  /**
   * Migrates the database and opens the pool.
   *
   * @throws DatabaseException if it cannot be reached, is older than PostgreSQL 15, has a newer
   *     schema than this program knows, or cannot be migrated
   */
  public static Database open(Settings settings, MeterRegistry meters) {
    return open(settings, meters, OLDEST_SERVER_VERSION);
  }

  /**
   * @param oldestVersion the oldest server that will do, by its major version
   */
  static Database open(Settings settings, MeterRegistry meters, int oldestVersion) {
    requireUsable(settings, oldestVersion);
    Flyway flyway = flyway(settings);
    DatabaseUse.requireNoNewerSchema(settings, credentials(settings), flyway);
    try {
      flyway.migrate();
    } catch (FlywayException e) {
      throw new DatabaseException("cannot migrate " + settings.place() + ": " + e.getMessage(), e);
    }
    return new Database(settings, meters);
  }

  /**
   * Opens the pool of a database as it is, in order to look at it or to work beside a server:
   * nothing is migrated.
   *
   * @throws DatabaseException if it cannot be reached, or has another schema than this program
   *     knows
   */
  public static Database openAsItIs(Settings settings, MeterRegistry meters) {
    requireUsable(settings, OLDEST_SERVER_VERSION);
    DatabaseUse.requireSchema(settings, credentials(settings), flyway(settings));
    return new Database(settings, meters);
  }

  private static Flyway flyway(Settings settings) {
    return Flyway.configure()
        .dataSource(settings.url(), settings.user(), settings.password())
        .locations("classpath:dev/stele/migrations")
        .load();
  }

  /** The programs of this kind that use the database now, beside this process. */
  public List<String> otherPrograms() {
    return jdbi.withHandle(
        handle -> handle.createQuery(DatabaseUse.OTHERS).mapTo(String.class).list());
  }

  private static HikariDataSource pool(
      Settings settings, String name, int size, MeterRegistry meters) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setJdbcUrl(settings.url());
    config.setUsername(settings.user());
    config.setPassword(settings.password());
    config.setDataSourceProperties(connectionProperties(settings));
    config.setConnectionInitSql(actAsRuntimeRole(settings, LOCK_TIMEOUT));
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(Math.min(4, size));
    config.setConnectionTimeout(settings.connectTimeout().toMillis());
    config.setValidationTimeout(
        Math.min(Duration.ofSeconds(2).toMillis(), settings.connectTimeout().toMillis()));
    // The first connection is waited for as long as a start may take.
    config.setInitializationFailTimeout(settings.startTimeout().toMillis());
    config.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(meters));
    return new HikariDataSource(config);
  }

  private static void requireUsable(Settings settings, int oldest) {
    Properties properties = credentials(settings);
    // A server that accepts connections and then says nothing must not hold the start up.
    properties.setProperty("loginTimeout", seconds(settings.startTimeout()));
    properties.setProperty("connectTimeout", seconds(settings.startTimeout()));
    try (Connection connection = DriverManager.getConnection(settings.url(), properties)) {
      int major = connection.getMetaData().getDatabaseMajorVersion();
      if (major < oldest) {
        throw new DatabaseException(
            "%s is PostgreSQL %d; Stele needs %d or newer"
                .formatted(settings.place(), major, oldest));
      }
      requireRuntimeRole(connection, settings);
      requireSessions(connection, settings, properties);
    } catch (SQLException e) {
      throw new DatabaseException(
          "cannot connect to %s as %s: %s"
              .formatted(settings.place(), settings.user(), e.getMessage()),
          e);
    }
  }

  private static void requireRuntimeRole(Connection connection, Settings settings)
      throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT quote_ident(current_user) AS login,
                       EXISTS (SELECT FROM pg_roles WHERE rolname = 'stele_runtime') AS there
                FROM pg_roles
                WHERE rolname = current_user AND NOT rolsuper AND NOT rolcreaterole
                  AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'stele_runtime'
                                    AND pg_has_role(current_user, oid, 'MEMBER'))
                """)) {
      if (row.next()) {
        throw new DatabaseException(
            "the user %s of %s may not create the role %s; have an administrator run, once:%n%sGRANT %s TO %s;%nand start again"
                .formatted(
                    settings.user(),
                    settings.place(),
                    RUNTIME_ROLE,
                    row.getBoolean("there")
                        ? ""
                        : "CREATE ROLE %s NOLOGIN;%n".formatted(RUNTIME_ROLE),
                    RUNTIME_ROLE,
                    row.getString("login")));
      }
    }
  }

  /**
   * Refuses a pool in between that lends sessions for a transaction only. Two connections that are
   * open at once never have the same server process, and none ever changes its own, but for there.
   */
  private static void requireSessions(
      Connection connection, Settings settings, Properties properties) throws SQLException {
    try (Connection other = DriverManager.getConnection(settings.url(), properties)) {
      int first = serverProcess(connection);
      for (int round = 0; round < SESSION_CHECKS; round++) {
        other.setAutoCommit(round % 2 == 0);
        if (serverProcess(other) == first || serverProcess(connection) != first) {
          throw new DatabaseException(
              ("%s is a pool that lends a session for one transaction (such as PgBouncer with"
                   + " pool_mode = transaction), but Stele needs sessions of its own, for settings,"
                   + " LISTEN and prepared statements: name PostgreSQL itself, or configure"
                   + " pool_mode = session for this database in the pool")
                  .formatted(settings.place()));
        }
        if (!other.getAutoCommit()) {
          other.rollback();
        }
      }
    }
  }

  private static int serverProcess(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      if (!row.next()) {
        throw new SQLException("pg_backend_pid() has no answer");
      }
      return row.getInt(1);
    }
  }

  private static Properties credentials(Settings settings) {
    Properties properties = connectionProperties(settings);
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password());
    return properties;
  }

  private static Properties connectionProperties(Settings settings) {
    Properties properties = new Properties();
    properties.setProperty("ApplicationName", ProgramVersion.NAME);
    properties.setProperty("connectTimeout", seconds(settings.connectTimeout()));
    Duration silence = settings.statementTimeout().plus(SILENCE_AFTER_STATEMENT);
    properties.setProperty("socketTimeout", seconds(silence));
    properties.setProperty("tcpKeepAlive", "true");
    return properties;
  }

  /** The driver knows whole seconds only, and 0 means for ever. */
  private static String seconds(Duration duration) {
    return Long.toString(Math.max(1, duration.plusMillis(999).toSeconds()));
  }

  /**
   * Every query of the running registry is a look-up by key, and must stay one: a plan that
   * PostgreSQL cached while a table was small would read all of it when it has grown, so sequential
   * scans are priced out.
   */
  private static String actAsRuntimeRole(Settings settings, Duration lockTimeout) {
    return "SET ROLE "
        + RUNTIME_ROLE
        + "; "
        + GIVE_UP_CLIENTS
        + "SET lock_timeout = "
        + lockTimeout.toMillis()
        + "; SET statement_timeout = "
        + settings.statementTimeout().toMillis()
        + "; SET enable_seqscan = off; SET jit = off; SET timezone = 'UTC'";
  }

  /** Connections for pushes and pulls, as the runtime role. */
  public Jdbi jdbi() {
    return jdbi;
  }

  /** Connections for all other work, as the runtime role, from a pool of its own. */
  public Jdbi audit() {
    return audit;
  }

  /**
   * A connection outside the pools, as the runtime role; the caller closes it. It is meant for the
   * append lane, whose transactions hold what every other node waits for: one that is left open is
   * rolled back by the server after 5 s, so that a node which is frozen or cut off stops nobody for
   * longer.
   */
  public Connection openDedicated() throws SQLException {
    Properties properties = credentials(settings);
    // A server that accepts connections and then says nothing is given up as one that is away.
    properties.setProperty("loginTimeout", seconds(settings.connectTimeout()));
    Connection connection = DriverManager.getConnection(settings.url(), properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute(actAsRuntimeRole(settings, LANE_LOCK_TIMEOUT));
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public void close() {
    auditPool.close();
    pool.close();
  }
}
