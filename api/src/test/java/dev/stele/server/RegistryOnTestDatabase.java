package dev.stele.server;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.engine.Engine;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryOptions;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** A registry over a fresh database and an empty folder. */
final class RegistryOnTestDatabase implements AutoCloseable {
  private final TestDatabase testDatabase = TestDatabase.create();
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Database database;
  private final DiskBlobStore blobs;
  private final Engine engine;

  RegistryOnTestDatabase(Path folder) throws IOException {
    database =
        Database.open(
            new Database.Settings(
                testDatabase.url(), testDatabase.user(), testDatabase.password(), 8),
            meters);
    blobs = new DiskBlobStore(folder);
    engine =
        new Engine(
            database.jdbi(),
            database.audit(),
            database::openDedicated,
            new BlobStores(blobs),
            RegistryOptions.DEFAULT,
            meters);
  }

  Engine engine() {
    return engine;
  }

  Registry registry() {
    return engine.registry();
  }

  PrometheusMeterRegistry meters() {
    return meters;
  }

  /** Runs SQL as the owner of the schema. */
  void execute(String sql) throws SQLException {
    try (Connection owner = testDatabase.connect();
        Statement statement = owner.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Takes the database away under the registry: its connections are cut, new ones fail. */
  void loseDatabase() {
    testDatabase.close();
  }

  /** Ends all sessions of the registry, and refuses new ones until {@link #resumeDatabase}. */
  void suspendDatabase() throws SQLException {
    try (Connection owner = testDatabase.connect();
        Statement statement = owner.createStatement()) {
      testDatabase.allowConnections(false);
      statement.execute(
          """
          SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()
          """);
    }
  }

  void resumeDatabase() {
    testDatabase.allowConnections(true);
  }

  @Override
  public void close() throws IOException {
    engine.close();
    blobs.close();
    database.close();
    testDatabase.close();
  }
}
