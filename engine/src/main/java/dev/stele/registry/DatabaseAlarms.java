package dev.stele.registry;

import dev.stele.log.Leadership;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * What is wrong with the database. Whoever asks causes a look-up every {@link #FRESH} at most.
 * Thread-safe.
 */
final class DatabaseAlarms {
  private static final Duration FRESH = Duration.ofSeconds(2);

  private record Seen(boolean readOnly, boolean leaderless) {}

  private final Sampled<Seen> sampled;
  private final Leadership leadership;

  DatabaseAlarms(Jdbi jdbi, Leadership leadership) {
    this.sampled = new Sampled<>(jdbi, FRESH, DatabaseAlarms::look);
    this.leadership = leadership;
  }

  void register(Alarms alarms) {
    alarms.register("database", this::unusable);
    alarms.register("leader", this::leaderless);
  }

  private static Seen look(Handle handle) {
    return new Seen(
        handle
            .createQuery("SELECT current_setting('transaction_read_only')::boolean")
            .mapTo(Boolean.class)
            .one(),
        Leadership.isLongOver(handle));
  }

  private Optional<String> unusable() {
    Optional<Seen> seen = sampled.get();
    if (seen.isEmpty()) {
      return Optional.of(
          "the database is away or does not answer, so nothing is served but what needs no"
              + " database: see whether it runs, takes connections and has room on its disk");
    }
    return seen.filter(Seen::readOnly)
        .map(
            _ ->
                "the database may only be read, so every push is refused: if it is a standby, name"
                    + " the primary; else see whether its disk is full, and who made it read-only"
                    + " (default_transaction_read_only)");
  }

  /** Where nothing can be written nobody can lead, which needs no word of its own. */
  private Optional<String> leaderless() {
    return sampled
        .get()
        .filter(seen -> seen.leaderless() && !seen.readOnly() && leadership.hasTriedLong())
        .map(
            _ ->
                "no node has led for %d s, though this one tries, so nothing is collected and no webhook delivered: see what its log says of leadership, and whether a session holds a lock on the table leader (pg_locks)"
                    .formatted(Leadership.LONG.toSeconds()));
  }
}
