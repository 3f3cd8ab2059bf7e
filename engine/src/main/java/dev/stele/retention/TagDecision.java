package dev.stele.retention;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import java.util.Optional;

/**
 * What was decided about a tag, why, and from which facts.
 *
 * @param put the position of the event by which it was last put
 * @param pulled the position of the event that observed its last pull, where pulls had a part in
 *     the decision
 */
public record TagDecision(
    Tag tag, Digest digest, long put, Optional<Long> pulled, Verdict verdict) {

  static TagDecision of(TagFacts facts, Verdict verdict) {
    boolean byPull =
        switch (verdict) {
          case Verdict.Kept(int _, Verdict.Rule rule) ->
              switch (rule) {
                case MOST_RECENTLY_PULLED_COUNT, PULLED_WITHIN -> true;
                case PATTERNS, MOST_RECENTLY_PUSHED_COUNT, PUSHED_WITHIN -> false;
              };
          case Verdict.Expired _ -> true;
          case Verdict.Unruled _, Verdict.Unclaimed _, Verdict.Follows _, Verdict.Held _ -> false;
        };
    return new TagDecision(
        facts.tag(),
        facts.digest(),
        facts.put().position(),
        byPull ? facts.pulled().map(Occurrence::position) : Optional.empty(),
        verdict);
  }
}
