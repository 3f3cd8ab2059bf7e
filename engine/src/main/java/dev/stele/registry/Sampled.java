package dev.stele.registry;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A value in the database that is read again when it is old, by one thread while others wait for
 * it. Thread-safe.
 */
final class Sampled<T> {
  private static final Logger logger = LoggerFactory.getLogger(Sampled.class);

  private final Jdbi jdbi;
  private final Duration age;
  private final Function<Handle, T> query;
  private Optional<T> value = Optional.empty();
  private long nextNanos = System.nanoTime();

  Sampled(Jdbi jdbi, Duration age, Function<Handle, T> query) {
    this.jdbi = jdbi;
    this.age = age;
    this.query = query;
  }

  /** The value; empty while the database is away. */
  synchronized Optional<T> get() {
    if (System.nanoTime() - nextNanos >= 0) {
      try {
        value = Optional.of(Availability.read(jdbi, query::apply));
      } catch (RegistryUnavailableException | JdbiException e) {
        value = Optional.empty();
        logger.debug("nothing is known of the database for now", e);
      }
      nextNanos = System.nanoTime() + age.toNanos();
    }
    return value;
  }
}
