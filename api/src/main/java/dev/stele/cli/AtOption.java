package dev.stele.cli;

import dev.stele.log.Moment;
import picocli.CommandLine.Option;

/** {@code --at}: the moment that an answer is of. A mixin. */
final class AtOption {
  /** How moments are written. */
  static final String MOMENT =
      "a time such as 2026-03-03T14:05:00Z, 2026-03-03T14:05 or 2026-03-03 (UTC unless it names a"
          + " zone), or p12345 for right after the event at a position";

  @Option(names = "--at", paramLabel = "MOMENT", description = "As of " + MOMENT + ". Default: now")
  private Moment at;

  /** The same question, as of that moment. */
  Asking of(Asking asking) {
    return asking.with("at", at);
  }
}
