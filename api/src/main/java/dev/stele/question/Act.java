package dev.stele.question;

import dev.stele.history.Since;
import java.util.Optional;

/**
 * An event by its time and position, who did it, and why.
 *
 * @param actor empty if that person was forgotten
 * @param cause empty where it is not looked up
 */
public record Act(String at, long position, Optional<String> actor, Optional<CauseRow> cause) {
  static Act of(Since since, Optional<String> actor, Optional<CauseRow> cause) {
    return new Act(since.at().toString(), since.position(), actor, cause);
  }
}
