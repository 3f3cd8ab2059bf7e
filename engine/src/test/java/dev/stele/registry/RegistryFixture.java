package dev.stele.registry;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** A registry over a fresh database and a store that the test brings. */
public final class RegistryFixture implements AutoCloseable {
  private final TestDatabase testDatabase;
  private final boolean ours;
  private final Database database;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Registry registry;

  public RegistryFixture(BlobStore store) {
    this(store, RegistryOptions.DEFAULT);
  }

  public RegistryFixture(BlobStore store, RegistryOptions options) {
    this(new BlobStores(store), options);
  }

  public RegistryFixture(BlobStores stores, RegistryOptions options) {
    this(TestDatabase.create(), true, stores, options);
  }

  /** Over a database that stays the test's to drop. */
  public RegistryFixture(TestDatabase testDatabase, BlobStores stores, RegistryOptions options) {
    this(testDatabase, false, stores, options);
  }

  private RegistryFixture(
      TestDatabase testDatabase, boolean ours, BlobStores stores, RegistryOptions options) {
    this.testDatabase = testDatabase;
    this.ours = ours;
    this.database = testDatabase.open();
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
    if (ours) {
      testDatabase.close();
    }
  }
}
