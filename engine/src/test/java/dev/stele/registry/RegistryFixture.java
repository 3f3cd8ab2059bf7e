package dev.stele.registry;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.stele.blob.BlobStore;
import dev.stele.log.ConnectionSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;

final class RegistryFixture implements AutoCloseable {
  final HikariDataSource pool;
  final Jdbi jdbi;
  final Registry registry;
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  RegistryFixture(BlobStore store) throws Exception {
    String name = "t" + System.nanoTime();
    try (Connection c =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:55432/postgres", "postgres", "");
        Statement s = c.createStatement()) {
      s.execute("CREATE DATABASE " + name);
    }
    String url = "jdbc:postgresql://127.0.0.1:55432/" + name + "?options=-c%20enable_seqscan=off";
    Flyway.configure()
        .dataSource(url, "postgres", "")
        .locations("classpath:dev/stele/migrations")
        .load()
        .migrate();
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setUsername("postgres");
    config.setPassword("");
    config.setConnectionInitSql("SET ROLE stele_runtime");
    config.setMaximumPoolSize(16);
    pool = new HikariDataSource(config);
    jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
    ConnectionSource source =
        () -> {
          Connection c = DriverManager.getConnection(url, "postgres", "");
          try (Statement s = c.createStatement()) {
            s.execute("SET ROLE stele_runtime");
          }
          return c;
        };
    registry = new Registry(jdbi, source, new BlobStores(store), RegistryOptions.DEFAULT, meters);
  }

  @Override
  public void close() {
    registry.close();
    pool.close();
  }
}
