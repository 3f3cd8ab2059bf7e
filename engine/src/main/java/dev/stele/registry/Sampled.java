package dev.stele.registry;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A value in the database that is read again when it is old. Nobody waits for it longer than {@link
 * #PATIENCE}: meanwhile the last one holds, until it is {@value #TOO_OLD} times as old.
 * Thread-safe.
 */
final class Sampled<T> {
  private static final Logger logger = LoggerFactory.getLogger(Sampled.class);

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final int TOO_OLD = 5;

  private record Value<T>(T value, long readNanos) {}

  private final Inquiry<Value<T>> inquiry;
  private final Duration age;
  private Optional<Value<T>> known = Optional.empty();
  private long nextNanos = System.nanoTime();

  Sampled(Jdbi jdbi, Duration age, Function<Handle, T> query) {
    this.inquiry =
        new Inquiry<>(
            "sampled", () -> new Value<>(Availability.read(jdbi, query::apply), System.nanoTime()));
    this.age = age;
  }

  /** The value; empty while the database is away or does not answer. */
  synchronized Optional<T> get() {
    if (System.nanoTime() - nextNanos >= 0) {
      CompletableFuture<Value<T>> asked = inquiry.ask();
      try {
        known = Optional.of(asked.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS));
      } catch (TimeoutException _) {
        logger.debug("the database has not answered yet");
      } catch (ExecutionException e) {
        known = Optional.empty();
        logger.debug("nothing is known of the database for now", e.getCause());
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      nextNanos = System.nanoTime() + age.toNanos();
    }
    return known
        .filter(each -> System.nanoTime() - each.readNanos() < TOO_OLD * age.toNanos())
        .map(Value::value);
  }
}
