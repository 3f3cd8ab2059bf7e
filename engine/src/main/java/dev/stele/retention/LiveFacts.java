package dev.stele.retention;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import dev.stele.projection.Listers;
import dev.stele.projection.Liveness;
import dev.stele.projection.PullView;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * The facts of a repository from the live views, as of the head of the log. The tags are read in
 * pages, each time anew; what the view of pulls has not seen yet is added from the log. Lives
 * within one repeatable-read transaction, so that all of it is as of one position. Not thread-safe.
 */
final class LiveFacts implements RepositoryFacts {
  private static final int PAGE = 1000;

  private final Handle handle;
  private final RepositoryName repository;
  private final long position;
  private final LastPulls unseen = new LastPulls();

  /**
   * Reads what does not come in pages.
   *
   * @param transaction repeatable-read, for as long as these facts are used
   */
  LiveFacts(Handle transaction, LogReader reader, RepositoryName repository) {
    this.handle = transaction;
    this.repository = repository;
    this.position = LogReader.nextPosition(transaction);
    long next = LogCheckpoint.read(transaction, new PullView().name()).nextPosition();
    List<RecordedEvent> page;
    do {
      page =
          reader.events(
              transaction,
              next,
              PAGE,
              repository,
              Optional.of(Event.PullsObserved.class.getSimpleName()));
      for (RecordedEvent recorded : page) {
        unseen.add(recorded, (Event.PullsObserved) recorded.event());
        next = recorded.position() + 1;
      }
    } while (page.size() == PAGE);
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void forEachTag(Consumer<TagFacts> consumer) {
    String after = "";
    List<TagFacts> page;
    do {
      page = page(after);
      page.forEach(consumer);
      after = page.isEmpty() ? after : page.getLast().tag().value();
    } while (page.size() == PAGE);
  }

  @Override
  public Map<String, Image> images(Collection<String> beginnings) {
    Map<String, Image> images = new HashMap<>();
    Listers listers = new Listers(handle, repository);
    List<String> all = List.copyOf(beginnings);
    for (int from = 0; from < all.size(); from += PAGE) {
      addImages(images, all.subList(from, Math.min(from + PAGE, all.size())), listers);
    }
    return images;
  }

  /** A manifest that a beginning of a digest names. */
  private record Named(String beginning, Digest digest, boolean referrer) {}

  private void addImages(Map<String, Image> images, List<String> beginnings, Listers listers) {
    List<Named> named =
        handle
            .createQuery(
                """
                SELECT wanted.beginning, m.digest, m.subject IS NOT NULL AS referrer
                FROM unnest(:beginnings::text[], :firsts::bytea[], :lasts::bytea[])
                  AS wanted (beginning, first, last)
                CROSS JOIN LATERAL (
                  SELECT digest, subject FROM manifest
                  WHERE repository = :repository AND digest BETWEEN wanted.first AND wanted.last
                  ORDER BY repository, digest
                  LIMIT 1) AS m
                """)
            .bind("repository", repository)
            .bindArray("beginnings", String.class, beginnings)
            .bind("firsts", Values.firsts(beginnings))
            .bind("lasts", Values.lasts(beginnings))
            .map(
                (row, _) ->
                    new Named(
                        row.getString("beginning"),
                        Values.digest(row, "digest"),
                        row.getBoolean("referrer")))
            .list();
    Set<Digest> digests = named.stream().map(Named::digest).collect(toSet());
    Map<Digest, Set<Digest>> keepers =
        listers.parents(digests, Integer.MAX_VALUE).stream()
            .collect(groupingBy(Liveness.Edge::child, mapping(Liveness.Edge::parent, toSet())));
    named.forEach(
        each ->
            images.put(
                each.beginning(),
                new Image(each.referrer(), keepers.getOrDefault(each.digest(), Set.of()))));
  }

  @Override
  public List<Hold> holds() {
    return HoldView.concerning(handle, repository).stream()
        .filter(hold -> hold.activeBelow(position))
        .toList();
  }

  /** Look-ups a tag, so that the plan is never a join over everything that was ever pulled. */
  private List<TagFacts> page(String after) {
    return handle
        .createQuery(
            """
            SELECT t.name, t.digest, t.put_position, t.put_at,
                   by_tag.last_position AS tag_position, by_tag.last_at AS tag_at,
                   by_digest.last_position AS digest_position, by_digest.last_at AS digest_at
            FROM (
              SELECT name, digest, put_position, put_at FROM live_tag
              WHERE repository = :repository AND name > :after
              ORDER BY name
              LIMIT :limit) AS t
            LEFT JOIN LATERAL (
              SELECT last_position, last_at FROM pull_by_tag
              WHERE repository = :repository AND name = t.name
              LIMIT 1) AS by_tag ON true
            LEFT JOIN LATERAL (
              SELECT last_position, last_at FROM pull_by_digest
              WHERE repository = :repository AND digest = t.digest
              LIMIT 1) AS by_digest ON true
            ORDER BY t.name
            """)
        .bind("repository", repository)
        .bind("after", after)
        .bind("limit", PAGE)
        .map((row, _) -> facts(row))
        .list();
  }

  private TagFacts facts(ResultSet row) throws SQLException {
    Tag tag = Tag.parse(row.getString("name"));
    Digest digest = Values.digest(row, "digest");
    Optional<Occurrence> seen = LastPulls.later(moment(row, "tag"), moment(row, "digest"));
    return new TagFacts(
        tag, digest, moment(row, "put").orElseThrow(), unseen.last(tag, digest, seen));
  }

  private static Optional<Occurrence> moment(ResultSet row, String prefix) throws SQLException {
    long position = row.getLong(prefix + "_position");
    return Values.timeIfAny(row, prefix + "_at").map(at -> new Occurrence(position, at));
  }
}
