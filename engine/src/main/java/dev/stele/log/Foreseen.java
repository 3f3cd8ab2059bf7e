package dev.stele.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Optional;

/**
 * An exception for what an operator can mend, or what passes by itself: its message says all there
 * is to say, and where in the program it was thrown helps nobody. Such failures, with those of a
 * database (see {@link Outage}) or a store, are logged in one line; only others with their trace.
 */
public interface Foreseen {
  /**
   * What failed and why, in one line for the log; empty if nobody foresaw it. The line never has a
   * statement or its arguments.
   */
  static Optional<String> line(Throwable thrown) {
    Optional<Outage> outage = Outage.of(thrown);
    if (outage.isPresent()) {
      return Optional.of(line(outage.get(), thrown));
    }
    Throwable cause = thrown;
    while (cause instanceof UncheckedIOException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (!(cause instanceof Foreseen || cause instanceof IOException)) {
      return Optional.empty();
    }
    String said = firstLine(cause);
    Optional<String> why =
        Optional.ofNullable(cause.getCause())
            .flatMap(Foreseen::line)
            .filter(line -> !said.contains(line));
    return Optional.of(
        why.map(line -> line.contains(said) ? line : said + ": " + line).orElse(said));
  }

  /** An outage, with what the database or the driver said about it. */
  static String line(Outage outage, Throwable thrown) {
    Optional<Throwable> said = Optional.empty();
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      // The innermost says why; Jdbi's own messages have the statement and its arguments.
      if (cause instanceof SQLException || cause instanceof IOException) {
        said = Optional.of(cause);
      }
    }
    return said.map(cause -> outage.told() + ": " + firstLine(cause)).orElse(outage.told());
  }

  /** The lines after the first have details, among which are values of the statement. */
  private static String firstLine(Throwable thrown) {
    String message = thrown.getMessage() == null ? "" : thrown.getMessage().strip();
    String first = message.lines().findFirst().orElse(thrown.getClass().getSimpleName());
    return thrown instanceof UnknownHostException ? "no address for " + first : first;
  }
}
