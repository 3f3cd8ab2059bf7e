package dev.stele.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;

/**
 * An opened database: migrated, with a pool whose connections act as {@value #RUNTIME_ROLE}, a role
 * that cannot change or delete events. Thread-safe.
 */
public final class Database implements AutoCloseable {
  /** The role that the running registry uses. It owns nothing. */
  public static final String RUNTIME_ROLE = "stele_runtime";

  private static final int OLDEST_SERVER_VERSION = 15;
  private static final int IDLE_IN_TRANSACTION_SECONDS = 5;
  private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(5);

  /**
   * Where the database is.
   *
   * @param user owns the schema and may create {@value #RUNTIME_ROLE} or has been granted it
   * @param poolSize the most connections for requests; the append lane and the listener have three
   *     more
   */
  public record Settings(String url, String user, String password, int poolSize) {
    /** The URL without its parameters, among which a password may be. */
    String place() {
      return url.replaceFirst("\\?.*", "");
    }

    /** Does not show the password. */
    @Override
    public String toString() {
      return "Settings[url=" + place() + ", user=" + user + ", poolSize=" + poolSize + "]";
    }
  }

  private final Settings settings;
  private final HikariDataSource pool;
  private final Jdbi jdbi;

  private Database(Settings settings, HikariDataSource pool) {
    this.settings = settings;
    this.pool = pool;
    this.jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
  }

  /**
   * Migrates the database and opens the pool.
   *
   * @throws DatabaseException if it cannot be reached, is older than PostgreSQL 15, or cannot be
   *     migrated
   */
  public static Database open(Settings settings, MeterRegistry meters) {
    requireVersion(settings);
    try {
      Flyway.configure()
          .dataSource(settings.url(), settings.user(), settings.password())
          .locations("classpath:dev/stele/migrations")
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new DatabaseException("cannot migrate " + settings.place() + ": " + e.getMessage(), e);
    }
    HikariConfig config = new HikariConfig();
    config.setPoolName("stele");
    config.setJdbcUrl(settings.url());
    config.setUsername(settings.user());
    config.setPassword(settings.password());
    config.setDataSourceProperties(connectionProperties());
    config.setConnectionInitSql(actAsRuntimeRole());
    config.setMaximumPoolSize(settings.poolSize());
    config.setMinimumIdle(Math.min(4, settings.poolSize()));
    config.setConnectionTimeout(CONNECTION_TIMEOUT.toMillis());
    config.setValidationTimeout(Duration.ofSeconds(2).toMillis());
    config.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(meters));
    return new Database(settings, new HikariDataSource(config));
  }

  private static void requireVersion(Settings settings) {
    try (Connection connection =
            DriverManager.getConnection(settings.url(), settings.user(), settings.password());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW server_version_num")) {
      row.next();
      int major = row.getInt(1) / 10_000;
      if (major < OLDEST_SERVER_VERSION) {
        throw new DatabaseException(
            "%s is PostgreSQL %d; Stele needs %d or newer"
                .formatted(settings.place(), major, OLDEST_SERVER_VERSION));
      }
    } catch (SQLException e) {
      throw new DatabaseException(
          "cannot connect to %s as %s: %s"
              .formatted(settings.place(), settings.user(), e.getMessage()),
          e);
    }
  }

  private static Properties connectionProperties() {
    Properties properties = new Properties();
    properties.setProperty("ApplicationName", "stele");
    properties.setProperty("connectTimeout", "5");
    properties.setProperty("socketTimeout", "60");
    properties.setProperty("tcpKeepAlive", "true");
    return properties;
  }

  /**
   * Every query of the running registry is a look-up by key, and must stay one: a plan that
   * PostgreSQL cached while a table was small would read all of it when it has grown, so sequential
   * scans are priced out.
   */
  private static String actAsRuntimeRole() {
    return "SET ROLE "
        + RUNTIME_ROLE
        + "; SET statement_timeout = '30s'; SET enable_seqscan = off; SET jit = off; SET timezone ="
        + " 'UTC'";
  }

  /** Connections from the pool, as the runtime role. */
  public Jdbi jdbi() {
    return jdbi;
  }

  /**
   * A connection outside the pool, as the runtime role; the caller closes it. It is meant for the
   * append lane, whose transactions hold what every other node waits for: one that is left open is
   * rolled back by the server after {@value #IDLE_IN_TRANSACTION_SECONDS} s, so that a node which
   * is frozen or cut off stops nobody for longer.
   */
  public Connection openDedicated() throws SQLException {
    Properties properties = connectionProperties();
    properties.setProperty("user", settings.user());
    properties.setProperty("password", settings.password());
    Connection connection = DriverManager.getConnection(settings.url(), properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          actAsRuntimeRole()
              + "; SET idle_in_transaction_session_timeout = '"
              + IDLE_IN_TRANSACTION_SECONDS
              + "s'");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
