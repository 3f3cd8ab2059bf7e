package dev.stele.engine;

import dev.stele.blob.BlobStores;
import dev.stele.log.ConnectionSource;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.ImmutableTags;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.RegistryParts;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.restore.Restore;
import dev.stele.retention.Retention;
import dev.stele.sql.Deadline;
import io.micrometer.core.instrument.MeterRegistry;
import org.jdbi.v3.core.Jdbi;

/**
 * What an embedding program opens: a registry, its retention and what restores, over one append
 * lane. The lane is not handed out, so all that comes onto the record was decided by the engine.
 * Thread-safe but for {@link #startBackground}.
 */
public final class Engine implements AutoCloseable {
  private final RegistryParts parts;
  private final Retention retention;
  private final Restore restore;
  private volatile boolean closed;

  /**
   * Opens the engine over a migrated database.
   *
   * @param jdbi a pool of connections as the runtime role, for pushes and pulls
   * @param audit another, for questions about the record and for what goes on by itself, so that
   *     pushes and pulls never wait for those; the same one will do where nothing is pressing. Its
   *     statements heed the {@link Deadline} of the work that they are part of
   * @param connections own connections of the lane, of the listeners and of who looks at the log,
   *     as the same role
   */
  public Engine(
      Jdbi jdbi,
      Jdbi audit,
      ConnectionSource connections,
      BlobStores stores,
      RegistryOptions options,
      MeterRegistry meters) {
    this.parts = new RegistryParts(jdbi, audit, connections, stores, options, meters);
    this.retention = new Retention(audit, registry().health(), parts.commands(), () -> closed);
    this.restore = new Restore(registry(), parts.protection(), parts.commands());
  }

  /** The registry. */
  public Registry registry() {
    return parts.registry();
  }

  /** What keeps repositories to a retention policy. */
  public Retention retention() {
    return retention;
  }

  /** What brings back what was there. */
  public Restore restore() {
    return restore;
  }

  /**
   * Records which access policy is in force; returns whether another was on record. What it grants
   * is for whoever lets callers in to say.
   *
   * @throws dev.stele.registry.RegistryUnavailableException if the database is away
   */
  public boolean record(AccessPolicy policy) {
    return parts.record(policy);
  }

  /**
   * What all nodes over this database know and nobody else: 32 random bytes, made when they are
   * first asked for. What signs must derive a key for its purpose from them.
   *
   * @throws dev.stele.registry.RegistryUnavailableException if the database is away
   */
  public byte[] secret() {
    return parts.secret();
  }

  /** Says anew which tags clients may neither move nor delete. */
  public void makeImmutable(ImmutableTags tags) {
    parts.protection().makeImmutable(tags);
  }

  /**
   * Starts the work that goes on by itself, on one of the nodes over a database: following the log,
   * retention and then collecting as the options say, removing from the stores what was given up,
   * and delivering events to webhooks. Ends with {@link #close}. To be called once, before the
   * engine is shared between threads.
   *
   * @throws RegistryUnavailableException if a store is not this log's; see {@link
   *     dev.stele.registry.OwnStores#claim}
   */
  public void startBackground() {
    parts.startBackground(retention::run);
  }

  /** What tests of the engine look into. */
  RegistryParts parts() {
    return parts;
  }

  /**
   * Records the pulls that were counted and finishes the commands that are queued. The stores and
   * the database are the caller's to close.
   */
  @Override
  public void close() {
    closed = true;
    parts.close();
  }
}
