package dev.stele.projection;

import static java.util.Objects.requireNonNull;

import dev.stele.event.Cause;
import dev.stele.event.Commitment;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Command;
import dev.stele.log.Fact;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.ImageIndex;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
public final class TagView implements InlineView {
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
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    TagChanges changes = new TagChanges();
    List<RecordedEvent> buried = new ArrayList<>();
    for (RecordedEvent recorded : events) {
      if (!buried.isEmpty() && !together(buried.getFirst(), recorded)) {
        removeBuried(transaction, buried);
        buried.clear();
      }
      switch (recorded.event()) {
        case Event.TagPointed pointed -> changes.point(recorded, pointed);
        case Event.TagDeleted _ when recorded.cause().kind() == Cause.Kind.DIGEST_DELETE -> {
          changes = written(transaction, changes);
          buried.add(recorded);
        }
        case Event.TagDeleted(var repository, var tag, _) ->
            changes.delete(recorded, repository, tag);
        case Event.ManifestDeleted deleted -> {
          changes = written(transaction, changes);
          bury(transaction, recorded, deleted);
        }
        case Event.ManifestPut put -> changes.put(recorded, put);
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.ManifestCollected _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    if (!buried.isEmpty()) {
      removeBuried(transaction, buried);
    }
    changes.write(transaction);
  }

  /** Deletions of manifests look at the tags as they are then. */
  private static TagChanges written(Pipeline transaction, TagChanges changes) {
    changes.write(transaction);
    return new TagChanges();
  }

  private static boolean together(RecordedEvent one, RecordedEvent other) {
    return one.event() instanceof Event.TagDeleted first
        && other.event() instanceof Event.TagDeleted second
        && one.cause().equals(other.cause())
        && first.repository().equals(second.repository())
        && first.digest().equals(second.digest());
  }

  private static void bury(
      Pipeline transaction, RecordedEvent recorded, Event.ManifestDeleted deleted) {
    transaction
        .handle()
        .createUpdate(
            """
            INSERT INTO tag_tombstone (repository, digest, position, at, actor, identity, origin, request_id)
            SELECT :repository, :digest, :position, :at, :actor, :identity, :origin, :requestId
            WHERE EXISTS (SELECT FROM tag WHERE repository = :repository AND digest = :digest)
            """)
        .bind("repository", deleted.repository())
        .bind("digest", deleted.digest())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", recorded.actor().value())
        .bind("identity", recorded.by().identity().hex())
        .bind("origin", recorded.by().origin().map(Commitment::hex).orElse(null))
        .bind("requestId", recorded.requestId())
        .execute();
  }

  /**
   * Removes tags that the deletion of their manifest buried, all of one repository and digest; each
   * by the first deletion since it moved there, should there be several.
   */
  private static void removeBuried(Pipeline transaction, List<RecordedEvent> events) {
    Event.TagDeleted one = (Event.TagDeleted) events.getFirst().event();
    transaction
        .handle()
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
        .bind("repository", one.repository())
        .bind("digest", one.digest())
        .bindArray(
            "names",
            String.class,
            events.stream().map(each -> ((Event.TagDeleted) each.event()).tag().value()).toList())
        .execute();
  }

  /** Where a tag points, and whether only the removal of the tag is still to be recorded. */
  public record Target(Optional<Digest> digest, boolean buried) {
    private static final Target NONE = new Target(Optional.empty(), false);

    private static Target at(Digest digest) {
      return new Target(Optional.of(digest), false);
    }
  }

  /** Where a tag of a repository points. */
  public static final Fact<Member<Tag>, Target> TARGET =
      new Fact<>(
          Member.TAG,
          """
          SELECT asked.repository, asked.name, t.digest, EXISTS (
                   SELECT FROM tag_tombstone d
                   WHERE d.repository = asked.repository AND d.digest = t.digest
                     AND d.position > t.moved_position) AS buried
          FROM unnest(?::text[], ?::text[]) AS asked (repository, name)
          CROSS JOIN LATERAL (
            SELECT digest, moved_position FROM tag
            WHERE repository = asked.repository AND name = asked.name OFFSET 0) AS t
          """,
          Target.NONE,
          (_, row) -> new Target(Optional.of(Values.digest(row, 3)), row.getBoolean(4)),
          (event, known) -> {
            switch (event) {
              case Event.TagPointed pointed ->
                  known.put(
                      new Member<>(pointed.repository(), pointed.tag()),
                      Target.at(pointed.digest()));
              case Event.TagDeleted(var repository, var tag, _) ->
                  known.put(new Member<>(repository, tag), Target.NONE);
              case Event.ManifestDeleted _ -> known.forgetAll(); // its tags are buried
              case Event.ManifestEvent _,
                  Event.RepositoryEvent _,
                  Event.BlobEvent _,
                  Event.ObjectEvent _,
                  Event.HoldEvent _,
                  Event.RetentionEvent _,
                  Event.PullEvent _,
                  Event.AccountEvent _,
                  Event.OperatorEvent _ -> {}
            }
          });

  /**
   * How tags stand for one who is to move them.
   *
   * @param targets where they point; those that do not exist are absent
   * @param buried those that went with a manifest and whose removal is still to be recorded, with
   *     the manifest: to be done before they point anywhere
   */
  public record Standing(Map<Tag, Digest> targets, Map<Tag, Digest> buried) {}

  /** How these tags of a repository stand for a command. */
  public static Standing standing(
      Command.Decision lane, RepositoryName repository, Collection<Tag> tags) {
    return standing(tags.isEmpty() ? Map.of() : lane.facts(TARGET, members(repository, tags)));
  }

  /** Names what {@link #standing} will ask for. */
  public static void needs(Command.Needs needs, RepositoryName repository, Collection<Tag> tags) {
    members(repository, tags).forEach(tag -> needs.need(TARGET, tag));
  }

  private static List<Member<Tag>> members(RepositoryName repository, Collection<Tag> tags) {
    return tags.stream().map(tag -> new Member<>(repository, tag)).toList();
  }

  private static Standing standing(Map<Member<Tag>, Target> all) {
    Map<Tag, Digest> targets = new HashMap<>();
    Map<Tag, Digest> buried = new HashMap<>();
    all.forEach(
        (tag, target) ->
            target
                .digest()
                .ifPresent(digest -> (target.buried() ? buried : targets).put(tag.item(), digest)));
    return new Standing(targets, buried);
  }

  /** Where these tags of a repository point; those that do not exist are absent. */
  public static Map<Tag, Digest> targets(
      Handle handle, RepositoryName repository, Collection<Tag> tags) {
    return standing(TARGET.lookUp(handle, members(repository, tags))).targets();
  }

  /** A manifest that was deleted and has buried tags, and the event that did. */
  public record Tombstone(RepositoryName repository, Digest digest, long position, Initiator by) {}

  /** At most {@code limit} tombstones, the oldest first. */
  public static List<Tombstone> tombstones(Handle handle, int limit) {
    return handle
        .createQuery(
            """
            SELECT repository, digest, position, identity, origin, request_id FROM tag_tombstone
            ORDER BY position
            LIMIT :limit
            """)
        .bind("limit", limit)
        .map(
            (row, _) ->
                new Tombstone(
                    RepositoryName.parse(row.getString("repository")),
                    Values.digest(row, "digest"),
                    row.getLong("position"),
                    new Initiator(
                        new Commitment(row.getString("identity")),
                        Optional.ofNullable(row.getString("origin")).map(Commitment::new),
                        row.getString("request_id"))))
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
        .bind("repository", repository)
        .bind("digest", digest)
        .bind("position", position)
        .bind("limit", limit)
        .mapTo(Tag.class)
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
        .bind("repository", repository)
        .bindArray("names", Tag.class, tags)
        .map(
            (row, _) ->
                Map.entry(
                    Tag.parse(row.getString("name")),
                    new LastPut(Values.digest(row, "digest"), row.getLong("put_position"))))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  /**
   * What a tag points to.
   *
   * @param newest the newest leaf of the log then
   */
  public record Current(ManifestView.Present manifest, byte[] newest) {}

  /** The manifest that a tag points to. */
  public static Optional<Current> current(Handle handle, RepositoryName repository, Tag tag) {
    return handle
        .createQuery(
            """
            SELECT m.digest, m.media_type, m.size, (SELECT leaf FROM event ORDER BY position DESC LIMIT 1)
            FROM live_tag t
            JOIN manifest m ON m.repository = t.repository AND m.digest = t.digest
            WHERE t.repository = :repository AND t.name = :name
            """)
        .bind("repository", repository)
        .bind("name", tag)
        .map(
            (row, _) ->
                new Current(
                    new ManifestView.Present(
                        Values.digest(row, 1), row.getString(2), row.getLong(3)),
                    row.getBytes(4)))
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
        .bind("repository", repository)
        .bind("digest", digest)
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
                FROM unnest(:digests::bytea[]) AS wanted (digest)
                WHERE (SELECT true FROM tag
                       WHERE repository = :repository AND digest = wanted.digest AND moved_position > %s
                       LIMIT 1)
                """
                    .formatted(BURIED_UNTIL.formatted("wanted.digest")))
            .bind("repository", repository)
            .bind("digests", Values.digests(digests))
            .mapTo(Digest.class)
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
        .bind("repository", repository)
        .bind("after", after.orElse(""))
        .bind("limit", limit)
        .mapTo(Tag.class)
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
        .bind("repository", repository)
        .map(
            (row, _) ->
                new Descriptor(
                    row.getString("media_type"),
                    Values.digest(row, "digest"),
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
            SELECT h.digest, coalesce(m.media_type, d.media_type) AS media_type, octet_length(d.bytes) AS size, h.from_position, h.from_at, h.from_actor, f.opening AS from_opening,
                   h.until_position, h.until_at, h.until_actor, u.opening AS until_opening, h.ended_by
            FROM tag_period h
            LEFT JOIN manifest_document d ON d.digest = h.digest
            LEFT JOIN manifest m ON m.repository = h.repository AND m.digest = h.digest
            LEFT JOIN actor f ON f.id = h.from_actor
            LEFT JOIN actor u ON u.id = h.until_actor
            WHERE h.repository = :repository AND h.name = :name AND h.from_position < :before
            ORDER BY h.from_position DESC
            LIMIT :limit
            """)
        .bind("repository", repository)
        .bind("name", tag)
        .bind("before", before)
        .bind("limit", limit)
        .map(
            (row, context) ->
                new Period(
                    Values.digest(row, "digest"),
                    // Left out of the list, a manifest without its document would be forgotten.
                    requireNonNull(row.getString("media_type"), "a manifest lacks its document"),
                    row.getLong("size"),
                    row.getLong("from_position"),
                    Values.time(row, "from_at"),
                    ActorNames.read(row, "from_actor", "from_opening"),
                    Optional.ofNullable(row.getObject("until_position", Long.class)),
                    Values.timeIfAny(row, "until_at"),
                    ActorNames.read(row, "until_actor", "until_opening"),
                    Optional.ofNullable(row.getString("ended_by"))))
        .list();
  }
}
