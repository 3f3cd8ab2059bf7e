package dev.stele.log;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Warnings that a cause would have for each of many requests: each cause is told at most once every
 * {@link #EVERY}, with how many more there were meanwhile. Thread-safe.
 */
public final class RepeatedWarning {
  /** How long a cause that was told is not told again. */
  public static final Duration EVERY = Duration.ofSeconds(10);

  /** Causes are few and known; should they be many after all, some are told more often. */
  private static final int MOST_CAUSES = 100;

  private record Told(long atNanos, long more) {}

  private final Logger logger;
  private final LongSupplier nanos;
  private final Map<String, Told> told = new HashMap<>();

  public RepeatedWarning(Logger logger) {
    this(logger, System::nanoTime);
  }

  RepeatedWarning(Logger logger, LongSupplier nanos) {
    this.logger = logger;
    this.nanos = nanos;
  }

  /**
   * Warns of a cause, or counts it.
   *
   * @param cause what is told apart; one of few
   * @param line what to tell of it now
   */
  public void warn(String cause, String line) {
    long more;
    synchronized (this) {
      long now = nanos.getAsLong();
      Told last = told.get(cause);
      if (last != null && now - last.atNanos() < EVERY.toNanos()) {
        told.put(cause, new Told(last.atNanos(), last.more() + 1));
        logger.debug("{}", line);
        return;
      }
      if (last == null && told.size() >= MOST_CAUSES) {
        told.clear();
      }
      more = last == null ? 0 : last.more();
      told.put(cause, new Told(now, 0));
    }
    if (more > 0) {
      logger.warn("{} (and {} more since this was last told)", line, more);
    } else {
      logger.warn("{}", line);
    }
  }
}
