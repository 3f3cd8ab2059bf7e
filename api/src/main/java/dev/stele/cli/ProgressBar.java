package dev.stele.cli;

import java.io.PrintWriter;
import java.time.Duration;

/**
 * Shows how far something is that takes longer than a second: on a terminal as a line that is drawn
 * anew, elsewhere as a line now and then. Goes to where errors are told, so that it is not among
 * what was asked for. Used by one thread.
 */
final class ProgressBar implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration BETWEEN_DRAWINGS = Duration.ofMillis(200);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);
  private static final int BAR = 24;
  private static final String START_OF_LINE = "\r";
  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintWriter err;
  private final Terminal terminal;
  private long next;
  private String what = "";
  private long first;
  private long firstNanos;
  private boolean drawn;

  ProgressBar(PrintWriter err, Terminal terminal) {
    this.err = err;
    this.terminal = terminal;
    this.next = System.nanoTime() + (terminal.interactive() ? PATIENCE : BETWEEN_LINES).toNanos();
  }

  /**
   * So much is done.
   *
   * @param of how much there is; 0 if that is not known
   */
  void at(String kind, long done, long of) {
    long now = System.nanoTime();
    if (!kind.equals(what)) {
      what = kind;
      first = done;
      firstNanos = now;
    }
    if (now - next < 0) {
      return;
    }
    next = now + (terminal.interactive() ? BETWEEN_DRAWINGS : BETWEEN_LINES).toNanos();
    String line = of > 0 ? bar(done, of) + share(done, of, now) : "%s: %,d".formatted(what, done);
    if (terminal.interactive()) {
      err.print(ERASE_LINE + terminal.clip(line) + START_OF_LINE);
      drawn = true;
    } else {
      err.println(line);
    }
    err.flush();
  }

  private String bar(long done, long of) {
    if (!terminal.interactive()) {
      return "";
    }
    int full = Math.clamp(Math.round((double) BAR * done / of), 0, BAR);
    return "[" + "=".repeat(full) + " ".repeat(BAR - full) + "] ";
  }

  private String share(long done, long of, long now) {
    return "%s: %,d of %,d%s".formatted(what, done, of, left(done, of, now));
  }

  /** At the pace since it began. */
  private String left(long done, long of, long now) {
    if (done <= first || done >= of) {
      return "";
    }
    double seconds = (now - firstNanos) / 1e9 / (done - first) * (of - done);
    return ", about %s left".formatted(told(Duration.ofSeconds(Math.round(seconds))));
  }

  private static String told(Duration left) {
    return left.toHours() > 0
        ? "%d h %d min".formatted(left.toHours(), left.toMinutesPart())
        : left.toMinutes() > 0
            ? "%d min".formatted(left.toMinutes())
            : "%d s".formatted(left.toSeconds());
  }

  /** Makes room for something else that is printed. */
  void erase() {
    if (drawn) {
      err.print(ERASE_LINE);
      err.flush();
      drawn = false;
    }
  }

  @Override
  public void close() {
    erase();
  }
}
