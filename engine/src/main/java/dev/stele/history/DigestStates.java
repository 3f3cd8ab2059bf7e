package dev.stele.history;

import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.DigestBeginning;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Archive;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * What there is of digests now, in whatever repository. What is unreachable is told as of where the
 * collector has come, a moment ago. Thread-safe.
 */
public final class DigestStates {
  /** How many repositories are told of, and how many tags of each. */
  public static final int MOST_PLACES = 100;

  private final Archive archive;

  /** The digests of a registry. */
  public DigestStates(Archive archive) {
    this.archive = archive;
  }

  /**
   * What there is of a digest; nothing of one that was never heard of.
   *
   * @throws dev.stele.registry.RegistryUnavailableException if the database is away, or the history
   *     is far behind
   */
  public DigestState of(Digest digest) {
    archive.follow(archive.read(LogReader::nextPosition) - 1);
    return archive.read(handle -> state(handle, digest));
  }

  private static DigestState state(Handle handle, Digest digest) {
    List<DigestState.Place> places = places(handle, digest);
    boolean more = places.size() > MOST_PLACES;
    return handle
        .createQuery(
            """
            SELECT d.media_type,
                   coalesce(octet_length(d.bytes),
                            (SELECT size FROM blob_object o WHERE o.digest = :digest LIMIT 1)) AS size,
                   ARRAY(SELECT store FROM blob_object o WHERE o.digest = :digest ORDER BY store) AS stores,
                   u.since, u.since_at
            FROM (SELECT) AS one
            LEFT JOIN manifest_document d ON d.digest = :digest
            LEFT JOIN unlinked u ON u.digest = :digest
            """)
        .bind("digest", digest)
        .map(
            (row, _) ->
                new DigestState(
                    digest,
                    Optional.ofNullable(row.getString("media_type")),
                    size(row),
                    more ? places.subList(0, MOST_PLACES) : places,
                    more,
                    texts(row, "stores"),
                    since(row, "since", "since_at"),
                    sweeps(handle, digest)))
        .one();
  }

  private static OptionalLong size(ResultSet row) throws SQLException {
    long size = row.getLong("size");
    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(size);
  }

  private static List<DigestState.Place> places(Handle handle, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT place.repository, place.kind, place.from_position, place.from_at, u.since, u.since_at,
                   ARRAY(SELECT name FROM live_tag t
                         WHERE t.repository = place.repository AND t.digest = :digest
                         ORDER BY name LIMIT :limit) AS tags
            FROM (
              (SELECT repository, 'manifest' AS kind, from_position, from_at FROM manifest_history
               WHERE digest = :digest AND until_position IS NULL
               ORDER BY repository LIMIT :limit)
              UNION ALL
              (SELECT repository, 'blob', from_position, from_at FROM blob_link_history
               WHERE digest = :digest AND until_position IS NULL
               ORDER BY repository LIMIT :limit)) AS place
            LEFT JOIN unreachable u
              ON u.repository = place.repository AND u.digest = :digest AND u.kind = place.kind
            ORDER BY place.repository, place.kind
            LIMIT :limit
            """)
        .bind("digest", digest)
        .bind("limit", MOST_PLACES + 1)
        .map(
            (row, _) -> {
              List<Tag> tags = texts(row, "tags").stream().map(Tag::parse).toList();
              boolean more = tags.size() > MOST_PLACES;
              return new DigestState.Place(
                  RepositoryName.parse(row.getString("repository")),
                  DigestState.Kind.valueOf(row.getString("kind").toUpperCase(Locale.ROOT)),
                  since(row, "from_position", "from_at").orElseThrow(),
                  more ? tags.subList(0, MOST_PLACES) : tags,
                  more,
                  since(row, "since", "since_at"));
            })
        .list();
  }

  private static List<DigestState.Sweep> sweeps(Handle handle, Digest digest) {
    return handle
        .createQuery(
            "SELECT store, position, at FROM blob_sweep WHERE digest = :digest ORDER BY store")
        .bind("digest", digest)
        .map(
            (row, _) ->
                new DigestState.Sweep(
                    row.getString("store"), since(row, "position", "at").orElseThrow()))
        .list();
  }

  private static List<String> texts(ResultSet row, String column) throws SQLException {
    return Stream.of((Object[]) row.getArray(column).getArray()).map(String.class::cast).toList();
  }

  private static Optional<Since> since(ResultSet row, String position, String at)
      throws SQLException {
    return row.getObject(position) == null
        ? Optional.empty()
        : Optional.of(new Since(row.getLong(position), Values.time(row, at)));
  }

  /**
   * At most {@code limit} digests of manifests and blobs that begin so, in their order, of all that
   * were ever there or that a manifest names. Costs a look-up each.
   */
  public List<Digest> beginningWith(DigestBeginning beginning, int limit) {
    return archive.read(
        handle ->
            handle
                .createQuery(
                    """
                    WITH RECURSIVE candidate (digest, number) AS (
                      SELECT ''::bytea, 0
                      UNION ALL
                      SELECT least(
                               (SELECT digest FROM manifest_document
                                WHERE digest > candidate.digest AND digest BETWEEN :first AND :last ORDER BY digest LIMIT 1),
                               (SELECT digest FROM blob_object
                                WHERE digest > candidate.digest AND digest BETWEEN :first AND :last ORDER BY digest LIMIT 1),
                               (SELECT digest FROM blob_sweep
                                WHERE digest > candidate.digest AND digest BETWEEN :first AND :last ORDER BY digest LIMIT 1),
                               (SELECT digest FROM exposure_reference
                                WHERE digest > candidate.digest AND digest BETWEEN :first AND :last ORDER BY digest LIMIT 1),
                               (SELECT digest FROM record_document
                                WHERE digest > candidate.digest AND digest BETWEEN :first AND :last ORDER BY digest LIMIT 1)),
                             number + 1
                      FROM candidate
                      WHERE number < :limit AND candidate.digest IS NOT NULL)
                    SELECT digest FROM candidate WHERE number > 0 AND digest IS NOT NULL
                    """)
                .bind("first", beginning.first())
                .bind("last", beginning.last())
                .bind("limit", limit)
                .mapTo(Digest.class)
                .list());
  }
}
