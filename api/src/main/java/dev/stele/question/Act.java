package dev.stele.question;

import dev.stele.history.Since;
import java.util.Optional;

/**
 * An event by its time and position, who did it, and why if they said so.
 *
 * @param actor empty if that person was forgotten
 */
public record Act(String at, long position, Optional<String> actor, Optional<String> reason) {
  static Act of(Since since, Optional<String> actor, Optional<String> reason) {
    return new Act(since.at().toString(), since.position(), actor, reason);
  }
}
