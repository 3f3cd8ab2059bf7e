package dev.stele.registry;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.engine.Engine;
import dev.stele.engine.EngineParts;
import dev.stele.gc.Collector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** A registry over a fresh database and a store that the test brings. */
public final class RegistryFixture implements AutoCloseable {
  private final TestDatabase testDatabase;
  private final boolean ours;
  private final Database database;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Engine engine;

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
    this.engine =
        new Engine(
            database.jdbi(), database.audit(), database::openDedicated, stores, options, meters);
  }

  public Engine engine() {
    return engine;
  }

  public Registry registry() {
    return engine.registry();
  }

  /** With what the background work does with it. */
  public Collector collector() {
    return EngineParts.of(engine).collector;
  }

  /** Where a test submits commands of its own. */
  public Commands commands() {
    return EngineParts.of(engine).commands();
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
    engine.close();
    database.close();
    if (ours) {
      testDatabase.close();
    }
  }
}
