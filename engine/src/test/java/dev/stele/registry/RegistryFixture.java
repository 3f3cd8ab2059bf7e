package dev.stele.registry;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** A registry over a fresh database and a store that the test brings. */
public final class RegistryFixture implements AutoCloseable {
  private final TestDatabase testDatabase = TestDatabase.create();
  private final Database database = testDatabase.open();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Registry registry;

  public RegistryFixture(BlobStore store) {
    this(store, RegistryOptions.DEFAULT);
  }

  public RegistryFixture(BlobStore store, RegistryOptions options) {
    this(new BlobStores(store), options);
  }

  public RegistryFixture(BlobStores stores, RegistryOptions options) {
    this.registry =
        new Registry(
            database.jdbi(), database.audit(), database::openDedicated, stores, options, meters);
  }

  public Registry registry() {
    return registry;
  }

  public TestDatabase testDatabase() {
    return testDatabase;
  }

  public Database database() {
    return database;
  }

  public SimpleMeterRegistry meters() {
    return meters;
  }

  @Override
  public void close() {
    registry.close();
    database.close();
    testDatabase.close();
  }
}
