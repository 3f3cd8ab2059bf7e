package dev.stele.history;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ReferrerView;
import dev.stele.registry.Page;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * The SQL of the past: each query is as of the event at a position, itself included, which the
 * views must have taken in. Lists page by key, in byte order; a page costs as much as there are
 * keys between its ends that ever were, those included that were not there at that position.
 */
final class PastQueries {
  private PastQueries() {}

  private static final String THEN =
      "from_position <= :position AND (until_position IS NULL OR until_position > :position)";

  /** Whether the repository existed. */
  static boolean exists(Handle handle, RepositoryName repository, long position) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (
              SELECT FROM repository_history WHERE repository = :repository AND %s)
            """
                .formatted(THEN))
        .bind("repository", repository)
        .bind("position", position)
        .mapTo(Boolean.class)
        .one();
  }

  static List<RepositoryName> repositories(
      Handle handle, long position, Optional<String> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT repository FROM repository_history
            WHERE repository > :after AND %s
            ORDER BY repository
            LIMIT :limit
            """
                .formatted(THEN))
        .bind("after", after.orElse(""))
        .bind("position", position)
        .bind("limit", limit)
        .mapTo(RepositoryName.class)
        .list();
  }

  /** What a tag pointed to. */
  static Optional<PastTag> tag(Handle handle, RepositoryName repository, Tag tag, long position) {
    return handle
        .createQuery(
            """
            SELECT :name AS name, digest, from_position, from_at
            FROM (
              SELECT * FROM tag_period
              WHERE repository = :repository AND name = :name AND from_position <= :position
              ORDER BY from_position DESC
              LIMIT 1) AS last
            WHERE until_position IS NULL OR until_position > :position
            """)
        .bind("repository", repository)
        .bind("name", tag)
        .bind("position", position)
        .map((row, _) -> pastTag(row))
        .findOne();
  }

  /**
   * SQL: {@code walk} goes from tag to tag, however many periods each has.
   *
   * <p>To be formatted with how the first name compares, and with what.
   */
  static final String NAMES =
      """
      WITH RECURSIVE walk (name) AS (
        (SELECT name FROM tag_history
         WHERE repository = :repository AND name %s :%s
         ORDER BY repository, name
         LIMIT 1)
        UNION ALL
        SELECT (SELECT h.name FROM tag_history h
                WHERE h.repository = :repository AND h.name > walk.name
                ORDER BY h.repository, h.name
                LIMIT 1)
        FROM walk
        WHERE walk.name IS NOT NULL)
      """;

  /** Goes from tag to tag and looks up one period of each, however many it has. */
  static List<PastTag> tags(
      Handle handle, RepositoryName repository, long position, Optional<String> after, int limit) {
    return handle
        .createQuery(
            NAMES.formatted(">", "after")
                + """
                SELECT walk.name, last.digest, last.from_position, last.from_at
                FROM walk
                CROSS JOIN LATERAL (
                  SELECT * FROM tag_period h
                  WHERE h.repository = :repository AND h.name = walk.name AND h.from_position <= :position
                  ORDER BY h.from_position DESC
                  LIMIT 1) AS last
                WHERE last.until_position IS NULL OR last.until_position > :position
                LIMIT :limit
                """)
        .bind("repository", repository)
        .bind("after", after.orElse(""))
        .bind("position", position)
        .bind("limit", limit)
        .map((row, _) -> pastTag(row))
        .list();
  }

  private static PastTag pastTag(ResultSet row) throws SQLException {
    return new PastTag(
        Tag.parse(row.getString("name")), Values.digest(row, "digest"), Since.of(row, "from"));
  }

  private static PastManifest pastManifest(ResultSet row) throws SQLException {
    return new PastManifest(
        Values.digest(row, "digest"),
        row.getString("media_type"),
        Optional.ofNullable(row.getString("artifact_type")),
        row.getLong("size"),
        Values.digestIfAny(row, "subject"),
        Since.of(row, "from"));
  }

  /** A manifest by its digest. */
  static Optional<PastManifest> manifest(
      Handle handle, RepositoryName repository, Digest digest, long position) {
    return handle
        .createQuery(
            """
            SELECT * FROM manifest_history WHERE repository = :repository AND digest = :digest AND %s
            """
                .formatted(THEN))
        .bind("repository", repository)
        .bind("digest", digest)
        .bind("position", position)
        .map((row, _) -> pastManifest(row))
        .findOne();
  }

  /** Those of these digests that were manifests of a repository. */
  static Set<Digest> manifests(
      Handle handle, RepositoryName repository, Collection<Digest> digests, long position) {
    return had(handle, "manifest_history", repository, digests, position);
  }

  /** Those of these digests that a repository had as blobs. */
  static Set<Digest> linked(
      Handle handle, RepositoryName repository, Collection<Digest> digests, long position) {
    return had(handle, "blob_link_history", repository, digests, position);
  }

  private static Set<Digest> had(
      Handle handle,
      String history,
      RepositoryName repository,
      Collection<Digest> digests,
      long position) {
    return new HashSet<>(
        handle
            .createQuery(
                """
                SELECT wanted.digest
                FROM unnest(:digests::bytea[]) AS wanted (digest)
                WHERE (SELECT true FROM %s h
                       WHERE h.repository = :repository AND h.digest = wanted.digest AND %s LIMIT 1)
                """
                    .formatted(history, THEN))
            .bind("digests", Values.digests(digests))
            .bind("repository", repository)
            .bind("position", position)
            .mapTo(Digest.class)
            .list());
  }

  static List<PastManifest> manifests(
      Handle handle, RepositoryName repository, long position, Optional<Digest> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT * FROM manifest_history
            WHERE repository = :repository AND digest > :after AND %s
            ORDER BY repository, digest
            LIMIT :limit
            """
                .formatted(THEN))
        .bind("repository", repository)
        .bind("after", Values.bytesOrNone(after))
        .bind("position", position)
        .bind("limit", limit)
        .map((row, _) -> pastManifest(row))
        .list();
  }

  /**
   * The referrers of a subject, with the annotations that their documents have, as {@link
   * ReferrerView#list} shows them.
   */
  static Page<Descriptor> referrers(
      Handle handle,
      RepositoryName repository,
      Digest subject,
      long position,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    List<Optional<Descriptor>> rows =
        handle
            .createQuery(
                """
                SELECT sized.digest, sized.media_type, sized.artifact_type, sized.size, d.bytes
                FROM (
                  SELECT r.*, %2$s AS beyond
                  FROM (
                    SELECT h.digest, h.media_type, h.artifact_type, h.size
                    FROM manifest_history h
                    WHERE h.repository = :repository AND h.subject = :subject AND h.digest > :after AND %1$s
                      AND (:artifactType::text IS NULL OR h.artifact_type = :artifactType)
                    ORDER BY h.repository, h.subject, h.digest
                    LIMIT :limit
                  ) r
                ) sized
                LEFT JOIN manifest_document d ON d.digest = sized.digest AND NOT sized.beyond
                ORDER BY sized.digest
                """
                    .formatted(THEN, ReferrerView.beyond()))
            .bind("repository", repository)
            .bind("subject", subject)
            .bind("after", Values.bytesOrNone(after))
            .bind("position", position)
            .bind("artifactType", artifactType)
            .bind("limit", limit + 1)
            .map((row, _) -> descriptor(row))
            .list();
    List<Descriptor> page =
        rows.stream().takeWhile(Optional::isPresent).limit(limit).map(Optional::get).toList();
    return new Page<>(page, page.size() < rows.size());
  }

  /** Empty if it is beyond the page. */
  private static Optional<Descriptor> descriptor(ResultSet row) throws SQLException {
    Digest digest = Values.digest(row, "digest");
    byte[] bytes = row.getBytes("bytes");
    if (bytes == null) {
      return Optional.empty();
    }
    try {
      String mediaType = row.getString("media_type");
      return Optional.of(
          new Descriptor(
              mediaType,
              digest,
              row.getLong("size"),
              Optional.ofNullable(row.getString("artifact_type")),
              ReferrerView.shown(Manifest.read(bytes))));
    } catch (InvalidManifestException e) {
      throw new IllegalStateException("the recorded manifest " + digest + " cannot be read", e);
    }
  }

  /**
   * When a repository that had a blob lost it.
   *
   * @param until the position of the event that took it away; absent if it still has it
   */
  record Link(Optional<Long> until) {}

  /** The link of a repository to a blob. */
  static Optional<Link> link(
      Handle handle, RepositoryName repository, Digest digest, long position) {
    return handle
        .createQuery(
            """
            SELECT until_position FROM blob_link_history
            WHERE repository = :repository AND digest = :digest AND %s
            """
                .formatted(THEN))
        .bind("repository", repository)
        .bind("digest", digest)
        .bind("position", position)
        .map((row, _) -> new Link(Optional.ofNullable(row.getObject(1, Long.class))))
        .findOne();
  }

  /**
   * Of these digests, those that a repository had as blobs only and of which its store has no bytes
   * any more. The bytes of manifests are kept.
   */
  static List<Digest> swept(
      Handle handle, RepositoryName repository, String store, List<Digest> digests, long position) {
    return handle
        .createQuery(
            """
            SELECT wanted.digest
            FROM unnest(:digests::bytea[]) AS wanted (digest)
            WHERE (SELECT true FROM blob_object o
                   WHERE o.digest = wanted.digest AND o.store = :store LIMIT 1) IS NULL
              AND (SELECT true FROM blob_link_history l
                   WHERE l.repository = :repository AND l.digest = wanted.digest AND %1$s LIMIT 1)
              AND (SELECT true FROM manifest_history m
                   WHERE m.repository = :repository AND m.digest = wanted.digest AND %1$s LIMIT 1) IS NULL
            """
                .formatted(THEN))
        .bind("digests", Values.digests(digests))
        .bind("store", store)
        .bind("repository", repository)
        .bind("position", position)
        .mapTo(Digest.class)
        .list();
  }

  /** The position of the event by which a store last gave up the bytes of a digest, after one. */
  static Optional<Long> swept(Handle handle, String store, Digest digest, long after) {
    return handle
        .createQuery(
            """
            SELECT position FROM blob_sweep
            WHERE digest = :digest AND store = :store AND position > :after
            """)
        .bind("digest", digest)
        .bind("store", store)
        .bind("after", after)
        .mapTo(Long.class)
        .findOne();
  }

  private static final String TOUCHED_TAG =
      "SELECT text AS key FROM (%s) AS t".formatted(touched("tag"));
  private static final String TOUCHED_DIGEST =
      "SELECT digest_bytes(text) AS key FROM (%s) AS t".formatted(touched("digest"));

  /** A text in the data of the events between two moments that may have changed something. */
  private static String touched(String field) {
    return """
    SELECT DISTINCT (convert_from(leaf, 'UTF8')::json #>> '{data,%s}') COLLATE "C" AS text
    FROM event
    WHERE repository = :repository AND position > :from AND position <= :to
      AND type NOT IN ('PullsObserved', 'BlobPullsObserved')
    """
        .formatted(field);
  }

  /** Tags that went with their manifest: events of their own may say so only later. */
  private static final String ENDED =
      """
      SELECT name FROM tag_history
      WHERE repository = :repository AND ended_by = 'deleted' AND until_position > :from AND until_position <= :to
      UNION ALL
      SELECT t.name
      FROM tag_tombstone d
      JOIN tag t ON t.repository = :repository AND t.digest = d.digest AND t.moved_position < d.position
      WHERE d.repository = :repository AND d.position > :from AND d.position <= :to
      """;

  /** Costs as much as happened in the repository between the positions. */
  static List<Change.TagChange> tagChanges(
      Handle handle,
      RepositoryName repository,
      long from,
      long to,
      Optional<String> after,
      int limit) {
    return handle
        .createQuery(
            """
            SELECT key, before.digest AS before, afterwards.digest AS afterwards
            FROM (%1$s UNION %4$s) AS touched
            LEFT JOIN LATERAL (%2$s) AS before ON true
            LEFT JOIN LATERAL (%3$s) AS afterwards ON true
            WHERE key > :after AND before.digest IS DISTINCT FROM afterwards.digest
            ORDER BY key
            LIMIT :limit
            """
                .formatted(TOUCHED_TAG, period("from"), period("to"), ENDED))
        .bind("repository", repository)
        .bind("from", from)
        .bind("to", to)
        .bind("after", after.orElse(""))
        .bind("limit", limit)
        .map(
            (row, _) ->
                new Change.TagChange(
                    Tag.parse(row.getString("key")),
                    Values.digestIfAny(row, "before"),
                    Values.digestIfAny(row, "afterwards")))
        .list();
  }

  private static String period(String position) {
    return """
    SELECT digest FROM (
      SELECT digest, until_position FROM tag_period
      WHERE repository = :repository AND name = key AND from_position <= :%1$s
      ORDER BY from_position DESC
      LIMIT 1) AS last
    WHERE until_position IS NULL OR until_position > :%1$s
    """
        .formatted(position);
  }

  /** Costs as much as happened in the repository between the positions. */
  static List<Change.ManifestChange> manifestChanges(
      Handle handle,
      RepositoryName repository,
      long from,
      long to,
      Optional<Digest> after,
      int limit) {
    return handle
        .createQuery(
            """
            SELECT key, there AS added
            FROM (%1$s) AS touched
            CROSS JOIN LATERAL (SELECT EXISTS (%2$s) AS was, EXISTS (%3$s) AS there) AS state
            WHERE key > :after AND was <> there
            ORDER BY key
            LIMIT :limit
            """
                .formatted(TOUCHED_DIGEST, present("from"), present("to")))
        .bind("repository", repository)
        .bind("from", from)
        .bind("to", to)
        .bind("after", Values.bytesOrNone(after))
        .bind("limit", limit)
        .map(
            (row, _) ->
                new Change.ManifestChange(Values.digest(row, "key"), row.getBoolean("added")))
        .list();
  }

  private static String present(String position) {
    return "SELECT FROM manifest_history WHERE repository = :repository AND digest = key AND "
        + THEN.replace(":position", ":" + position);
  }
}
