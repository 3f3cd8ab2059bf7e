package dev.stele.policy;

import dev.stele.oci.Tag;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * An entry of {@code keep-tags}: it claims tags by their names, and keeps those that at least one
 * of its rules keeps, or all if it has no rule. Counts are of the tags that it claims.
 *
 * @param patterns a tag is claimed if one of them matches; empty: every tag is
 * @param mostRecentlyPushedCount keeps so many, those put last
 * @param mostRecentlyPulledCount keeps so many, those pulled last
 * @param pushedWithin keeps what was last put at most so long ago
 * @param pulledWithin keeps what was last pulled, or put, at most so long ago: what has only just
 *     arrived has not had the time to be pulled
 */
public record KeepTags(
    List<TagPattern> patterns,
    Optional<Integer> mostRecentlyPushedCount,
    Optional<Integer> mostRecentlyPulledCount,
    Optional<Duration> pushedWithin,
    Optional<Duration> pulledWithin) {
  public KeepTags {
    patterns = List.copyOf(patterns);
  }

  /** Whether the entry's patterns match the tag. It claims it if no entry before it does. */
  public boolean matches(Tag tag) {
    return patterns.isEmpty() || patterns.stream().anyMatch(pattern -> pattern.matches(tag));
  }

  /** Whether it keeps everything that it claims. */
  public boolean withoutRules() {
    return mostRecentlyPushedCount.isEmpty()
        && mostRecentlyPulledCount.isEmpty()
        && pushedWithin.isEmpty()
        && pulledWithin.isEmpty();
  }
}
