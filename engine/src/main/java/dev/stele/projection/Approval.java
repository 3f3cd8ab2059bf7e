package dev.stele.projection;

import dev.stele.event.Approved;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What takes several persons, and who approved of it so far.
 *
 * @param repositories a repository's name, or a glob
 * @param subject the hold, or the moment as of which a repository is to be restored
 * @param needed how many persons it takes, as of the last of them
 * @param given the oldest first, one at least
 */
public record Approval(
    Approved act, String repositories, String subject, int needed, List<Hold.Act> given) {
  /** For how long an approval counts. */
  public static final Duration LASTS = Duration.ofDays(1);

  public Approval {
    given = List.copyOf(given);
  }

  /** Who approved; of somebody who is not known any more nothing is said. */
  public Stream<String> names() {
    return given.stream().map(Hold.Act::actor).flatMap(Optional::stream);
  }

  /** From then on the first of them does not count. */
  public Instant until() {
    return given.getFirst().at().plus(LASTS);
  }
}
