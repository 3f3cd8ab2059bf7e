package dev.stele.server;

import dev.stele.engine.Engine;
import dev.stele.gc.Collection;
import dev.stele.registry.LogSigning;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** A registry over a fresh database and an empty folder, for servers to serve. */
final class RegistryOnTestDatabase implements AutoCloseable {
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final RegistryFixture fixture;

  RegistryOnTestDatabase(Path folder) throws IOException {
    this(folder, RegistryOptions.DEFAULT);
  }

  RegistryOnTestDatabase(Path folder, RegistryOptions options) throws IOException {
    fixture = RegistryFixture.onDisk(folder, options, meters);
  }

  /** Signs the log again and again, until that is closed. */
  RegistryFixture.Signing keepSigning(LogSigning how) {
    return fixture.keepSigning(how);
  }

  /** Collects what can be by now. */
  Collection collect() {
    fixture.follow();
    return fixture.collector().run();
  }

  /** A server on a free port. */
  SteleServer serve() throws StartupException {
    return serve(ServerSettings.on(new ListenAddress("127.0.0.1", 0)));
  }

  SteleServer serve(ServerSettings settings) throws StartupException {
    return SteleServer.start(engine(), meters, settings);
  }

  Engine engine() {
    return fixture.engine();
  }

  Registry registry() {
    return fixture.registry();
  }

  PrometheusMeterRegistry meters() {
    return meters;
  }

  /** Runs SQL as the owner of the schema. */
  void execute(String sql) throws SQLException {
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Takes the database away under the registry: its connections are cut, new ones fail. */
  void loseDatabase() {
    fixture.testDatabase().close();
  }

  /** Ends all sessions of the registry, and refuses new ones until {@link #resumeDatabase}. */
  void suspendDatabase() throws SQLException {
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      fixture.testDatabase().allowConnections(false);
      statement.execute(
          """
          SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()
          """);
    }
  }

  void resumeDatabase() {
    fixture.testDatabase().allowConnections(true);
  }

  @Override
  public void close() {
    fixture.close();
  }
}
