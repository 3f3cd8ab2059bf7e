package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --at}: the moment that an answer is of. A mixin. */
final class AtOption {
  @Option(
      names = "--at",
      paramLabel = "MOMENT",
      description =
          "As of a time, such as 2026-03-03T14:05:00Z or 20260303t140500z, or right after the event"
              + " at a position, such as p12345. Default: now")
  private Moment at;

  /** What it means in the log; the newest event if nothing was said. */
  AsOf resolve(History history) {
    return Optional.ofNullable(at)
        .map(moment -> Absence.present(history, history.asOf(moment)))
        .orElseGet(history::now);
  }
}
