package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.database.TestFolder;
import dev.stele.engine.Engine;
import dev.stele.engine.EngineParts;
import dev.stele.gc.Collector;
import dev.stele.projection.Verification;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** A registry over a fresh database, and a store that the test brings or that goes with it. */
public final class RegistryFixture implements AutoCloseable {
  private final TestDatabase testDatabase;
  private final boolean ours;
  private final Closeable rest;
  private final Database database;
  private final MeterRegistry meters;
  private final Engine engine;

  public RegistryFixture(BlobStore store) {
    this(store, RegistryOptions.DEFAULT);
  }

  public RegistryFixture(BlobStore store, RegistryOptions options) {
    this(new BlobStores(store), options);
  }

  public RegistryFixture(BlobStores stores, RegistryOptions options) {
    this(TestDatabase.create(), true, stores, options, new SimpleMeterRegistry(), () -> {});
  }

  /** Over a database that stays the test's to drop. */
  public RegistryFixture(TestDatabase testDatabase, BlobStores stores, RegistryOptions options) {
    this(testDatabase, false, stores, options, new SimpleMeterRegistry(), () -> {});
  }

  private RegistryFixture(
      TestDatabase testDatabase,
      boolean ours,
      BlobStores stores,
      RegistryOptions options,
      MeterRegistry meters,
      Closeable rest) {
    this.testDatabase = testDatabase;
    this.ours = ours;
    this.meters = meters;
    this.rest = rest;
    this.database = testDatabase.open(meters);
    this.engine =
        new Engine(
            database.jdbi(), database.audit(), database::openDedicated, stores, options, meters);
  }

  public static RegistryFixture onDisk(Path folder) throws IOException {
    return onDisk(folder, RegistryOptions.DEFAULT);
  }

  public static RegistryFixture onDisk(Path folder, RegistryOptions options) throws IOException {
    return onDisk(folder, options, new SimpleMeterRegistry());
  }

  /** Over a store in that folder, which is closed with it. */
  public static RegistryFixture onDisk(Path folder, RegistryOptions options, MeterRegistry meters)
      throws IOException {
    DiskBlobStore store = new DiskBlobStore(folder);
    return new RegistryFixture(
        TestDatabase.create(), true, new BlobStores(store), options, meters, store::close);
  }

  /** Over a store in a folder of its own, which goes with it. */
  public static RegistryFixture inItsOwnFolder(RegistryOptions options) throws IOException {
    TestFolder folder = TestFolder.create();
    DiskBlobStore store = new DiskBlobStore(folder.path());
    return new RegistryFixture(
        TestDatabase.create(),
        true,
        new BlobStores(store),
        options,
        new SimpleMeterRegistry(),
        () -> {
          store.close();
          folder.close();
        });
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

  public MeterRegistry meters() {
    return meters;
  }

  /** Brings the view of what is reachable up to the log. */
  public void follow() {
    while (registry().collecting().follow() > 0) {
      // until it is up
    }
  }

  /** Signs the log again and again, as the background work would, until that is closed. */
  public Signing keepSigning(LogSigning how) {
    return new Signing(new Signer(database.jdbi(), how));
  }

  /** A thread that signs. */
  public static final class Signing implements AutoCloseable {
    private final Thread thread;
    private volatile boolean done;

    private Signing(Signer signer) {
      thread =
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (!done) {
                      assertThat(signer.step()).isFalse();
                    }
                  });
    }

    @Override
    public void close() throws InterruptedException {
      done = true;
      thread.join();
    }
  }

  public void assertViewsEqualAReplay() {
    assertThat(registry().upkeep().verifyProjections().results())
        .allMatch(Verification.Result::equal);
  }

  @Override
  public void close() {
    engine.close();
    database.close();
    if (ours) {
      testDatabase.close();
    }
    try {
      rest.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
