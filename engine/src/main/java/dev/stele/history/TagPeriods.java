package dev.stele.history;

import dev.stele.log.AsOf;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.registry.Archive;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.EventPage;
import dev.stele.registry.EventQuery;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/**
 * When tags pointed where: what could be pulled from a repository during an interval, and where a
 * digest was tagged. Methods throw {@link dev.stele.registry.RegistryUnavailableException} when the
 * database is away. Thread-safe.
 */
public final class TagPeriods {
  private final Registry registry;
  private final Archive archive;

  /** The periods of a registry. */
  public TagPeriods(Registry registry) {
    this.registry = registry;
    this.archive = registry.archive();
  }

  /** Where a page begins: after the period of a tag that began at a position. */
  public record Key(Tag tag, long from) {}

  /**
   * The periods of a repository's tags that were not over at one moment and had begun by a later
   * one: what could be pulled by tag at some time between the two. By tag in byte order, then from
   * the oldest; at most {@code limit}. Costs a look-up for each tag between the ends of the page
   * that ever was, and for each period that is returned.
   */
  public Outcome<Page<TagPeriod>> overlapping(
      RepositoryName repository, AsOf from, AsOf to, Optional<Key> after, int limit) {
    archive.follow(to.position());
    return archive.read(
        handle -> {
          List<TagPeriod> found =
              overlapping(handle, repository, from.position(), to.position(), after, limit + 1);
          return found.isEmpty() && !existed(handle, repository, from.position(), to.position())
              ? Outcome.refused(new Refusal.NoRepositoryThen(repository, to))
              : Outcome.ok(Page.of(found, limit));
        });
  }

  private static boolean existed(Handle handle, RepositoryName repository, long from, long to) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (
              SELECT FROM repository_history
              WHERE repository = :repository AND from_position <= :to
                AND (until_position IS NULL OR until_position > :from))
            """)
        .bind("repository", repository)
        .bind("from", from)
        .bind("to", to)
        .mapTo(Boolean.class)
        .one();
  }

  /**
   * Goes from tag to tag. Of each it looks up the period that lasted at the earlier moment, and
   * then those that began in between, however many there were before.
   */
  private static List<TagPeriod> overlapping(
      Handle handle,
      RepositoryName repository,
      long from,
      long to,
      Optional<Key> after,
      int limit) {
    return handle
        .createQuery(
            PastQueries.NAMES.formatted(">=", "afterTag")
                + """
                SELECT period.*, f.opening AS from_opening, u.opening AS until_opening
                FROM walk
                CROSS JOIN LATERAL (
                  (SELECT * FROM tag_period h
                   WHERE h.repository = :repository AND h.name = walk.name AND h.from_position <= :from
                   ORDER BY h.from_position DESC
                   LIMIT 1)
                  UNION ALL
                  (SELECT * FROM tag_period h
                   WHERE h.repository = :repository AND h.name = walk.name
                     AND h.from_position > greatest(:from, CASE WHEN walk.name = :afterTag THEN :afterFrom END)
                     AND h.from_position <= :to
                   ORDER BY h.from_position
                   LIMIT :limit)) AS period
                LEFT JOIN actor f ON f.id = period.from_actor
                LEFT JOIN actor u ON u.id = period.until_actor
                WHERE (period.until_position IS NULL OR period.until_position > :from)
                  AND (walk.name > :afterTag OR period.from_position > :afterFrom)
                LIMIT :limit
                """)
        .bind("repository", repository)
        .bind("from", from)
        .bind("to", to)
        .bind("afterTag", after.map(key -> key.tag().value()).orElse(""))
        .bind("afterFrom", after.map(Key::from).orElse(-1L))
        .bind("limit", limit)
        .map((row, _) -> TagPeriod.of(row))
        .list();
  }

  /**
   * A page of periods.
   *
   * @param next the position after which the next page begins; absent if nothing follows
   */
  public record OfDigest(List<TagPeriod> periods, OptionalLong next) {}

  /**
   * The periods during which a digest had a tag, in whatever repository, in the order in which they
   * began; at most {@code limit}, and perhaps fewer although more follow.
   *
   * @param after only those that began after this position
   */
  public OfDigest ofDigest(
      Digest digest, Optional<RepositoryGlob> repositories, long after, int limit) {
    EventFilter filter =
        new EventFilter(
            repositories,
            TagMove.BEGINNINGS,
            Optional.empty(),
            Optional.of(digest),
            Optional.empty(),
            Optional.empty());
    EventPage page =
        registry.log().events(new EventQuery(filter, after, Long.MAX_VALUE, false, limit));
    List<TagMove> moves = new ArrayList<>();
    for (EventEntry event : page.events()) {
      TagMove move = TagMove.of(event);
      // Not those by which a tag left it.
      if (move.to().filter(digest::equals).isPresent()) {
        moves.add(move);
      }
    }
    return new OfDigest(archive.read(handle -> begunWith(handle, moves)), page.next());
  }

  private static List<TagPeriod> begunWith(Handle handle, List<TagMove> moves) {
    return handle
        .createQuery(
            """
            SELECT period.*, f.opening AS from_opening, u.opening AS until_opening
            FROM unnest(:repositories::text[], :tags::text[], :positions::bigint[])
              AS move (repository, name, position)
            CROSS JOIN LATERAL (
              SELECT * FROM tag_period h
              WHERE h.repository = move.repository AND h.name = move.name AND h.from_position = move.position
              LIMIT 1) AS period
            LEFT JOIN actor f ON f.id = period.from_actor
            LEFT JOIN actor u ON u.id = period.until_actor
            ORDER BY period.from_position
            """)
        .bindArray(
            "repositories", String.class, moves.stream().map(m -> m.repository().value()).toList())
        .bindArray("tags", String.class, moves.stream().map(m -> m.tag().value()).toList())
        .bindArray("positions", Long.class, moves.stream().map(TagMove::position).toList())
        .map((row, _) -> TagPeriod.of(row))
        .list();
  }
}
