package dev.stele.retention;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import dev.stele.projection.Listers;
import dev.stele.projection.RetentionView;
import dev.stele.projection.TagView;
import dev.stele.sql.Values;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Removes tags as an evaluation on record decided, those that are still as it saw them: a tag that
 * was put since, moved or not, stays, and so does one that is held by now or follows an image that
 * was put since. The result is how many were removed; empty if another policy is in force by now,
 * so that none was.
 *
 * @param evaluation the position of its event
 * @param input it followed from the events below this position
 * @param decisions at most {@value #MOST}, all of them to remove
 */
record RemoveTags(
    Initiator initiator,
    RepositoryName repository,
    Digest policy,
    long evaluation,
    long input,
    List<TagDecision> decisions)
    implements Command<OptionalInt> {
  /** Few enough that a push which waits behind them hardly notices. */
  static final int MOST = 100;

  @Override
  public OptionalInt decide(Decision lane) {
    if (!RetentionView.inForce(lane.handle()).equals(Optional.of(policy))) {
      return OptionalInt.empty();
    }
    Map<Tag, TagView.LastPut> present =
        TagView.lastPuts(
            lane.handle(), repository, decisions.stream().map(TagDecision::tag).toList());
    List<Hold> holds = holds(lane);
    Set<String> used = imagesInUse(lane.handle());
    int removed = 0;
    for (TagDecision decision : decisions) {
      TagView.LastPut seen = new TagView.LastPut(decision.digest(), decision.put());
      boolean held = holds.stream().anyMatch(hold -> hold.keeps(decision.tag(), decision.digest()));
      boolean follows =
          decision.verdict() instanceof Verdict.Follows(String image, _) && used.contains(image);
      if (!held && !follows && seen.equals(present.get(decision.tag()))) {
        lane.append(
            new Event.TagDeleted(repository, decision.tag(), decision.digest()),
            Cause.retention(
                "evaluation %d: %s".formatted(evaluation, decision.verdict().reason())));
        removed++;
      }
    }
    return OptionalInt.of(removed);
  }

  /** Of the images that tags follow, those that were tagged or listed since the evaluation. */
  private Set<String> imagesInUse(Handle handle) {
    List<String> images =
        decisions.stream()
            .map(TagDecision::verdict)
            .flatMap(
                verdict ->
                    verdict instanceof Verdict.Follows(String image, _)
                        ? Stream.of(image)
                        : Stream.empty())
            .distinct()
            .toList();
    if (images.isEmpty()) {
      return Set.of();
    }
    Set<String> inUse = new Listers(handle, repository).listedSince(input, images);
    inUse.addAll(
        handle
            .createQuery(
                """
                SELECT wanted.image
                FROM unnest(:images::text[], :firsts::bytea[], :lasts::bytea[]) AS wanted (image, first, last)
                WHERE EXISTS (
                        SELECT FROM live_tag t
                        WHERE t.repository = :repository AND t.put_position >= :since
                          AND t.digest BETWEEN wanted.first AND wanted.last)
                """)
            .bind("repository", repository)
            .bindArray("images", String.class, images)
            .bind("firsts", Values.firsts(images))
            .bind("lasts", Values.lasts(images))
            .bind("since", input)
            .mapTo(String.class)
            .list());
    return inUse;
  }

  private List<Hold> holds(Decision lane) {
    return HoldView.any(lane.handle())
        ? HoldView.covering(
            lane.handle(),
            repository,
            decisions.stream().map(TagDecision::tag).toList(),
            decisions.stream().map(TagDecision::digest).toList())
        : List.of();
  }
}
