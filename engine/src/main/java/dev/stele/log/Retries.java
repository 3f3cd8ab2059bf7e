package dev.stele.log;

import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of work that failed: it is told, and tried again after a pause, longer each time.
 * What goes on failing is told at the 1st, 10th, 100th time, and so on. For one thread.
 */
public final class Retries {
  private static final Logger logger = LoggerFactory.getLogger(Retries.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final String name;
  private final Recurring.Failures failures;
  private int row;
  private String told = ""; // another failure than the last is news

  /**
   * @param name of the work, for people
   * @param failures is told how many there were in a row
   */
  public Retries(String name, Recurring.Failures failures) {
    this.name = name;
    this.failures = failures;
  }

  /** Once was done what was to be done. */
  public void succeeded() {
    if (row > 0) {
      row = 0;
      failures.inRow(0);
    }
  }

  /**
   * Once it was not; tells so. A database that is away may be back at once; a defect is not.
   *
   * @return how long to wait before the next try
   */
  public Duration failed(Throwable e) {
    failures.inRow(++row);
    Optional<String> line = Foreseen.line(e);
    String kind = line.map(_ -> e.getClass().getName()).orElse(e.toString());
    boolean tell = isPowerOfTen(row) || !kind.equals(told);
    told = kind;
    Duration longer = FIRST_PAUSE.multipliedBy(1L << Math.min(row - 1, 5));
    Duration pause =
        Outage.of(e).isPresent()
            ? FIRST_PAUSE
            : longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
    if (!tell) {
      logger.debug("{} failed ({} in a row); next try in {}", name, row, pause, e);
    } else if (line.isPresent()) {
      logger.warn(
          "{} failed{} and is tried again: {}",
          name,
          row == 1 ? "" : " (" + row + " in a row)",
          line.get());
    } else {
      logger.error("{} failed ({} in a row); next try in {}", name, row, pause, e);
    }
    return pause;
  }

  private static boolean isPowerOfTen(int number) {
    int rest = number;
    while (rest % 10 == 0) {
      rest /= 10;
    }
    return rest == 1;
  }
}
