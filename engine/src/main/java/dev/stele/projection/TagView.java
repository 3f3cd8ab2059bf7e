package dev.stele.projection;

import static java.util.Objects.requireNonNull;

import dev.stele.event.ActorId;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.ImageIndex;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Where tags point now, and where they pointed: a row for each stretch of a tag's history.
 *
 * <p>A manifest that is deleted takes all its tags along at once, though they may be too many for
 * one transaction. So its deletion leaves a tombstone: from then on the tags that it had are
 * buried, which means that nobody is told of them. Events of their own, which follow by and by,
 * remove them, with the deletion as the end of their history; the last one removes the tombstone. A
 * tag must be removed in this way before it points anywhere again ({@link Standing}).
 */
public final class TagView implements Projection {
  /**
   * A stretch of a tag's history. Of actors, the names as known now.
   *
   * @param mediaType that the repository has the manifest as; after the repository lost it,
   *     {@linkplain dev.stele.oci.Manifest#mediaType as its bytes say}
   * @param size of the manifest, in bytes
   * @param endedBy {@code moved} or {@code deleted}; absent while the tag still has the digest
   */
  public record Period(
      Digest digest,
      String mediaType,
      long size,
      long fromPosition,
      Instant from,
      Optional<String> fromActor,
      Optional<Long> untilPosition,
      Optional<Instant> until,
      Optional<String> untilActor,
      Optional<String> endedBy) {
    /** The period as it was after the event at a position, by which it had begun. */
    public Period asOf(long position) {
      return untilPosition.filter(until -> until > position).isEmpty()
          ? this
          : new Period(
              digest,
              mediaType,
              size,
              fromPosition,
              from,
              fromActor,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty());
    }
  }

  /**
   * What moved to a digest of the repository until then is buried, and what did since is not. So
   * live tags of a digest are found without a look at the buried ones, of which there may be many.
   */
  private static final String BURIED_UNTIL =
      """
      coalesce((SELECT max(d.position) FROM tag_tombstone d
                WHERE d.repository = :repository AND d.digest = %s), -1)
      """;

  @Override
  public String name() {
    return "tag";
  }

  @Override
  public List<String> tables() {
    return List.of("tag", "tag_history", "tag_tombstone");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    List<RecordedEvent> buried = new ArrayList<>();
    for (RecordedEvent recorded : events) {
      if (!buried.isEmpty() && !together(buried.getFirst(), recorded)) {
        removeBuried(transaction, buried);
        buried.clear();
      }
      switch (recorded.event()) {
        case Event.TagMoved(var repository, var tag, var digest, var previous) ->
            point(transaction, recorded, repository, tag, digest, previous);
        case Event.TagRestored(var repository, var tag, var digest, var previous, _) ->
            point(transaction, recorded, repository, tag, digest, previous);
        case Event.TagDeleted _ when recorded.cause().kind() == Cause.Kind.DIGEST_DELETE ->
            buried.add(recorded);
        case Event.TagDeleted deleted -> {
          end(transaction, recorded, deleted.repository(), deleted.tag(), "deleted");
          transaction
              .createUpdate("DELETE FROM tag WHERE repository = :repository AND name = :name")
              .bind("repository", deleted.repository().value())
              .bind("name", deleted.tag().value())
              .execute();
        }
        case Event.ManifestDeleted deleted -> bury(transaction, recorded, deleted);
        case Event.ManifestPut put -> {
          if (!put.tags().isEmpty()) {
            putAgain(transaction, recorded, put);
          }
        }
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.ManifestCollected _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    if (!buried.isEmpty()) {
      removeBuried(transaction, buried);
    }
  }

  private static boolean together(RecordedEvent one, RecordedEvent other) {
    return one.event() instanceof Event.TagDeleted first
        && other.event() instanceof Event.TagDeleted second
        && one.cause().equals(other.cause())
        && first.repository().equals(second.repository())
        && first.digest().equals(second.digest());
  }

  private static void bury(
      Handle transaction, RecordedEvent recorded, Event.ManifestDeleted deleted) {
    transaction
        .createUpdate(
            """
            INSERT INTO tag_tombstone (repository, digest, position, at, actor, request_id)
            SELECT :repository, :digest, :position, :at, :actor, :requestId
            WHERE EXISTS (SELECT FROM tag WHERE repository = :repository AND digest = :digest)
            """)
        .bind("repository", deleted.repository().value())
        .bind("digest", deleted.digest().toString())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", recorded.actor().value())
        .bind("requestId", recorded.requestId())
        .execute();
  }

  /**
   * Removes tags that the deletion of their manifest buried, all of one repository and digest; each
   * by the first deletion since it moved there, should there be several.
   */
  private static void removeBuried(Handle transaction, List<RecordedEvent> events) {
    Event.TagDeleted one = (Event.TagDeleted) events.getFirst().event();
    transaction
        .createUpdate(
            """
            WITH gone AS (
              DELETE FROM tag
              WHERE repository = :repository AND name = ANY (:names) AND digest = :digest
              RETURNING name, moved_position),
            ended AS (
              UPDATE tag_history h
              SET until_position = d.position, until_at = d.at, until_actor = d.actor, ended_by = 'deleted'
              FROM gone
              CROSS JOIN LATERAL (
                SELECT position, at, actor FROM tag_tombstone
                WHERE repository = :repository AND digest = :digest AND position > gone.moved_position
                ORDER BY position
                LIMIT 1) AS d
              WHERE h.repository = :repository AND h.name = gone.name AND h.from_position = gone.moved_position)
            DELETE FROM tag_tombstone d
            WHERE d.repository = :repository AND d.digest = :digest
              AND NOT EXISTS (
                SELECT FROM tag t
                WHERE t.repository = :repository AND t.digest = :digest AND t.moved_position < d.position
                  AND t.name <> ALL (:names))
            """)
        .bind("repository", one.repository().value())
        .bind("digest", one.digest().toString())
        .bindArray(
            "names",
            String.class,
            events.stream().map(each -> ((Event.TagDeleted) each.event()).tag().value()).toList())
        .execute();
  }

  /** Tags that had the digest already do not move, but they were put once more. */
  private static void putAgain(Handle transaction, RecordedEvent recorded, Event.ManifestPut put) {
    transaction
        .createUpdate(
            """
            UPDATE tag SET put_position = :position, put_at = :at
            WHERE repository = :repository AND name = ANY (:names) AND digest = :digest
            """)
        .bind("repository", put.repository().value())
        .bindArray("names", String.class, put.tags().stream().map(Tag::value).toList())
        .bind("digest", put.digest().toString())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .execute();
  }

  private static void point(
      Handle transaction,
      RecordedEvent recorded,
      RepositoryName repository,
      Tag tag,
      Digest digest,
      Optional<Digest> previous) {
    if (previous.isPresent()) {
      end(transaction, recorded, repository, tag, "moved");
    }
    begin(transaction, recorded, repository, tag, digest);
  }

  private static void begin(
      Handle transaction,
      RecordedEvent recorded,
      RepositoryName repository,
      Tag tag,
      Digest digest) {
    transaction
        .createUpdate(
            """
            WITH history AS (
              INSERT INTO tag_history (repository, name, digest, from_position, from_at, from_actor)
              VALUES (:repository, :name, :digest, :position, :at, :actor))
            INSERT INTO tag (repository, name, digest, moved_position, moved_at, put_position, put_at)
            VALUES (:repository, :name, :digest, :position, :at, :position, :at)
            ON CONFLICT (repository, name) DO UPDATE
              SET digest = excluded.digest, moved_position = excluded.moved_position, moved_at = excluded.moved_at,
                  put_position = excluded.put_position, put_at = excluded.put_at
            """)
        .bind("repository", repository.value())
        .bind("name", tag.value())
        .bind("digest", digest.toString())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", recorded.actor().value())
        .execute();
  }

  private static void end(
      Handle transaction, RecordedEvent recorded, RepositoryName repository, Tag tag, String how) {
    ActorId actor = recorded.actor();
    // The lasting period is the tag's newest, so its key is known without looking for it.
    transaction
        .createUpdate(
            """
            UPDATE tag_history
            SET until_position = :position, until_at = :at, until_actor = :actor, ended_by = :how
            WHERE repository = :repository AND name = :name
              AND from_position = (
                SELECT moved_position FROM tag WHERE repository = :repository AND name = :name)
            """)
        .bind("repository", repository.value())
        .bind("name", tag.value())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", actor.value())
        .bind("how", how)
        .execute();
  }

  /**
   * How tags stand for one who is to move them.
   *
   * @param targets where they point; those that do not exist are absent
   * @param buried those that went with a manifest and whose removal is still to be recorded, with
   *     the manifest: to be done before they point anywhere
   */
  public record Standing(Map<Tag, Digest> targets, Map<Tag, Digest> buried) {
    /** Of no tags. */
    public static final Standing NONE = new Standing(Map.of(), Map.of());
  }

  /** How these tags of a repository stand. */
  public static Standing standing(Handle handle, RepositoryName repository, Collection<Tag> tags) {
    Map<Tag, Digest> targets = new HashMap<>();
    Map<Tag, Digest> buried = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT name, digest, EXISTS (
                     SELECT FROM tag_tombstone d
                     WHERE d.repository = t.repository AND d.digest = t.digest
                       AND d.position > t.moved_position) AS buried
            FROM tag t
            WHERE repository = :repository AND name = ANY (:names)
            """)
        .bind("repository", repository.value())
        .bindArray("names", String.class, tags.stream().map(Tag::value).toList())
        .map(
            (row, _) ->
                (row.getBoolean("buried") ? buried : targets)
                    .put(Tag.parse(row.getString("name")), Digest.parse(row.getString("digest"))))
        .list();
    return new Standing(targets, buried);
  }

  /** Where these tags of a repository point; those that do not exist are absent. */
  public static Map<Tag, Digest> targets(
      Handle handle, RepositoryName repository, Collection<Tag> tags) {
    return standing(handle, repository, tags).targets();
  }

  /** A manifest that was deleted and has buried tags, and the event that did. */
  public record Tombstone(
      RepositoryName repository, Digest digest, long position, ActorId actor, String requestId) {}

  /** At most {@code limit} tombstones, the oldest first. */
  public static List<Tombstone> tombstones(Handle handle, int limit) {
    return handle
        .createQuery(
            """
            SELECT repository, digest, position, actor, request_id FROM tag_tombstone
            ORDER BY position
            LIMIT :limit
            """)
        .bind("limit", limit)
        .map(
            (row, _) ->
                new Tombstone(
                    RepositoryName.parse(row.getString("repository")),
                    Digest.parse(row.getString("digest")),
                    row.getLong("position"),
                    new ActorId(row.getObject("actor", UUID.class)),
                    row.getString("request_id")))
        .list();
  }

  /** At most {@code limit} of the tags that a deletion before or at a position buried. */
  public static List<Tag> buried(
      Handle handle, RepositoryName repository, Digest digest, long position, int limit) {
    return handle
        .createQuery(
            """
            SELECT name FROM tag
            WHERE repository = :repository AND digest = :digest AND moved_position < :position
            ORDER BY moved_position
            LIMIT :limit
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bind("position", position)
        .bind("limit", limit)
        .map((row, _) -> Tag.parse(row.getString("name")))
        .list();
  }

  /** What a tag points to, and the position of the event by which it was last put. */
  public record LastPut(Digest digest, long position) {}

  /** When these tags of a repository were last put; those that do not exist are absent. */
  public static Map<Tag, LastPut> lastPuts(
      Handle handle, RepositoryName repository, Collection<Tag> tags) {
    return handle
        .createQuery(
            """
            SELECT name, digest, put_position FROM live_tag
            WHERE repository = :repository AND name = ANY (:names)
            """)
        .bind("repository", repository.value())
        .bindArray("names", String.class, tags.stream().map(Tag::value).toList())
        .map(
            (row, _) ->
                Map.entry(
                    Tag.parse(row.getString("name")),
                    new LastPut(
                        Digest.parse(row.getString("digest")), row.getLong("put_position"))))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /** The manifest that a tag points to. */
  public static Optional<ManifestView.Present> manifest(
      Handle handle, RepositoryName repository, Tag tag) {
    return handle
        .createQuery(
            """
            SELECT m.digest, m.media_type, m.size
            FROM live_tag t
            JOIN manifest m ON m.repository = t.repository AND m.digest = t.digest
            WHERE t.repository = :repository AND t.name = :name
            """)
        .bind("repository", repository.value())
        .bind("name", tag.value())
        .map(
            (row, _) ->
                new ManifestView.Present(
                    Digest.parse(row.getString(1)), row.getString(2), row.getLong(3)))
        .findOne();
  }

  /** A tag and the position of the event by which it moved to where it points. */
  public record Moved(Tag tag, long position) {}

  /**
   * At most {@code limit} tags of a repository that point to a digest and moved there after a
   * position, in the order in which they did.
   */
  public static List<Moved> movedTo(
      Handle handle, RepositoryName repository, Digest digest, long after, int limit) {
    return handle
        .createQuery(
            """
            SELECT name, moved_position FROM tag
            WHERE repository = :repository AND digest = :digest AND moved_position > greatest(:after, %s)
            ORDER BY moved_position
            LIMIT :limit
            """
                .formatted(BURIED_UNTIL.formatted(":digest")))
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bind("after", after)
        .bind("limit", limit)
        .map((row, _) -> new Moved(Tag.parse(row.getString(1)), row.getLong(2)))
        .list();
  }

  /** Those of these digests that a tag of the repository points to. */
  public static Set<Digest> tagged(
      Handle handle, RepositoryName repository, Collection<Digest> digests) {
    return new HashSet<>(
        handle
            .createQuery(
                """
                SELECT wanted.digest
                FROM unnest(:digests::text[]) AS wanted (digest)
                WHERE (SELECT true FROM tag
                       WHERE repository = :repository AND digest = wanted.digest AND moved_position > %s
                       LIMIT 1)
                """
                    .formatted(BURIED_UNTIL.formatted("wanted.digest")))
            .bind("repository", repository.value())
            .bindArray("digests", String.class, digests.stream().map(Digest::toString).toList())
            .map((row, _) -> Digest.parse(row.getString(1)))
            .list());
  }

  /** At most {@code limit} tags of a repository after one, in byte order. */
  public static List<Tag> list(
      Handle handle, RepositoryName repository, Optional<String> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT name FROM live_tag
            WHERE repository = :repository AND name > :after
            ORDER BY name
            LIMIT :limit
            """)
        .bind("repository", repository.value())
        .bind("after", after.orElse(""))
        .bind("limit", limit)
        .map((row, _) -> Tag.parse(row.getString("name")))
        .list();
  }

  /**
   * A descriptor for each tag of a repository, with its name as an annotation, in byte order; then
   * one for each manifest without a tag, in the order of digests.
   */
  public static List<Descriptor> index(Handle handle, RepositoryName repository) {
    return handle
        .createQuery(
            """
            SELECT t.name, m.digest, m.media_type, m.size
            FROM manifest m
            LEFT JOIN live_tag t ON t.repository = m.repository AND t.digest = m.digest
            WHERE m.repository = :repository
            ORDER BY t.name NULLS LAST, m.digest
            """)
        .bind("repository", repository.value())
        .map(
            (row, _) ->
                new Descriptor(
                    row.getString("media_type"),
                    Digest.parse(row.getString("digest")),
                    row.getLong("size"),
                    Optional.empty(),
                    Optional.ofNullable(row.getString("name"))
                        .map(name -> Map.of(ImageIndex.REF_NAME, name))
                        .orElse(Map.of())))
        .list();
  }

  /** A tag's history, newest first: at most {@code limit} periods that began before a position. */
  public static List<Period> history(
      Handle handle, RepositoryName repository, Tag tag, long before, int limit) {
    return handle
        .createQuery(
            """
            SELECT h.digest, coalesce(m.media_type, d.media_type) AS media_type, octet_length(d.bytes) AS size, h.from_position, h.from_at, f.name AS from_actor,
                   h.until_position, h.until_at, u.name AS until_actor, h.ended_by
            FROM tag_period h
            LEFT JOIN manifest_document d ON d.digest = h.digest
            LEFT JOIN manifest m ON m.repository = h.repository AND m.digest = h.digest
            LEFT JOIN actor f ON f.id = h.from_actor
            LEFT JOIN actor u ON u.id = h.until_actor
            WHERE h.repository = :repository AND h.name = :name AND h.from_position < :before
            ORDER BY h.from_position DESC
            LIMIT :limit
            """)
        .bind("repository", repository.value())
        .bind("name", tag.value())
        .bind("before", before)
        .bind("limit", limit)
        .map(
            (row, context) ->
                new Period(
                    Digest.parse(row.getString("digest")),
                    // Left out of the list, a manifest without its document would be forgotten.
                    requireNonNull(row.getString("media_type"), "a manifest lacks its document"),
                    row.getLong("size"),
                    row.getLong("from_position"),
                    row.getObject("from_at", java.time.OffsetDateTime.class).toInstant(),
                    Optional.ofNullable(row.getString("from_actor")),
                    Optional.ofNullable(row.getObject("until_position", Long.class)),
                    Optional.ofNullable(row.getObject("until_at", java.time.OffsetDateTime.class))
                        .map(java.time.OffsetDateTime::toInstant),
                    Optional.ofNullable(row.getString("until_actor")),
                    Optional.ofNullable(row.getString("ended_by"))))
        .list();
  }
}
