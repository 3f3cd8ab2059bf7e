package dev.stele.projection;

import dev.stele.event.BlobProblem;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** Where the bytes of each digest lie, once a store, and which repositories have them. */
public final class BlobView implements Projection {
  /**
   * Where the bytes of a digest lie in a store.
   *
   * @param size in bytes
   * @param problem what a check last found wrong with the object, if it did
   */
  public record Located(
      String store, Digest digest, String objectKey, long size, Optional<BlobProblem> problem) {
    private static final String COLUMNS = "o.store, o.digest, o.object_key, o.size, o.problem";

    private static Located of(ResultSet row) throws SQLException {
      return new Located(
          row.getString(1),
          Digest.parse(row.getString(2)),
          row.getString(3),
          row.getLong(4),
          Optional.ofNullable(row.getString(5)).map(BlobProblem::valueOf));
    }
  }

  @Override
  public String name() {
    return "blob";
  }

  @Override
  public List<String> tables() {
    return List.of("blob_object", "blob_link");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.BlobUploaded uploaded -> {
          if (uploaded.stored()) {
            store(transaction, recorded.position(), uploaded);
          }
          if (uploaded.linked()) {
            link(transaction, recorded.position(), uploaded.repository(), uploaded.digest());
          }
        }
        case Event.BlobMounted mounted -> {
          if (mounted.linked()) {
            link(transaction, recorded.position(), mounted.repository(), mounted.digest());
          }
        }
        case Event.BlobDeleted deleted ->
            unlink(transaction, deleted.repository(), deleted.digest());
        case Event.BlobUnlinked unlinked ->
            unlink(transaction, unlinked.repository(), unlinked.digest());
        case Event.BlobSwept swept ->
            transaction
                .createUpdate(
                    """
                    DELETE FROM blob_object
                    WHERE digest = :digest AND store = :store AND object_key = :key
                    """)
                .bind("digest", swept.digest().toString())
                .bind("store", swept.store())
                .bind("key", swept.objectKey())
                .execute();
        case Event.BlobCorruptionFound found ->
            mark(
                transaction,
                found.store(),
                found.digest(),
                found.objectKey(),
                Optional.of(found.problem()));
        case Event.BlobFoundIntact intact ->
            mark(
                transaction, intact.store(), intact.digest(), intact.objectKey(), Optional.empty());
        case Event.RepositoryEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.BlobRepaired _,
            Event.OrphanSwept _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
  }

  private static void store(Handle transaction, long position, Event.BlobUploaded uploaded) {
    transaction
        .createUpdate(
            """
            INSERT INTO blob_object (store, digest, object_key, size, stored_position)
            VALUES (:store, :digest, :key, :size, :position)
            ON CONFLICT (digest, store) DO UPDATE
              SET object_key = excluded.object_key, size = excluded.size, stored_position = excluded.stored_position,
                  problem = NULL
            """)
        .bind("store", uploaded.store())
        .bind("digest", uploaded.digest().toString())
        .bind("key", uploaded.objectKey())
        .bind("size", uploaded.size())
        .bind("position", position)
        .execute();
  }

  private static void mark(
      Handle transaction,
      String store,
      Digest digest,
      String objectKey,
      Optional<BlobProblem> problem) {
    transaction
        .createUpdate(
            """
            UPDATE blob_object SET problem = :problem
            WHERE digest = :digest AND store = :store AND object_key = :key
            """)
        .bind("problem", problem.map(Enum::name))
        .bind("digest", digest.toString())
        .bind("store", store)
        .bind("key", objectKey)
        .execute();
  }

  private static void link(
      Handle transaction, long position, RepositoryName repository, Digest digest) {
    transaction
        .createUpdate(
            """
            INSERT INTO blob_link (repository, digest, linked_position)
            VALUES (:repository, :digest, :position)
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bind("position", position)
        .execute();
  }

  private static void unlink(Handle transaction, RepositoryName repository, Digest digest) {
    transaction
        .createUpdate("DELETE FROM blob_link WHERE repository = :repository AND digest = :digest")
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .execute();
  }

  /**
   * Where the blob of a repository lies in the repository's store; empty if the repository lacks
   * it, or has it as a manifest, which is read as that.
   */
  public static Optional<Located> find(
      Handle handle, RepositoryName repository, Digest digest, String store) {
    return handle
        .createQuery(
            """
            SELECT %s
            FROM blob_link l
            JOIN blob_object o ON o.digest = l.digest AND o.store = :store
            WHERE l.repository = :repository AND l.digest = :digest
              AND NOT EXISTS (SELECT FROM manifest m WHERE m.repository = l.repository AND m.digest = l.digest)
            """
                .formatted(Located.COLUMNS))
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bind("store", store)
        .map((row, _) -> Located.of(row))
        .findOne();
  }

  /** Where a store has the bytes of a digest, linked to any repository or none. */
  public static Optional<Located> stored(Handle handle, Digest digest, String store) {
    return handle
        .createQuery(
            """
            SELECT %s FROM blob_object o WHERE o.digest = :digest AND o.store = :store
            """
                .formatted(Located.COLUMNS))
        .bind("digest", digest.toString())
        .bind("store", store)
        .map((row, _) -> Located.of(row))
        .findOne();
  }

  /** Those of these digests whose bytes a store has, and of which no harm is known. */
  public static Set<Digest> whole(Handle handle, Collection<Digest> digests, String store) {
    return handle
        .createQuery(
            """
            SELECT %s FROM blob_object o WHERE o.digest = ANY (:digests) AND o.store = :store
            """
                .formatted(Located.COLUMNS))
        .bindArray("digests", String.class, digests.stream().map(Digest::toString).toList())
        .bind("store", store)
        .map((row, _) -> Located.of(row))
        .filter(object -> object.problem().filter(BlobProblem::hidden).isEmpty())
        .map(Located::digest)
        .collect(Collectors.toSet());
  }

  /** At most {@code limit} objects of a store after a digest, in the order of digests. */
  public static List<Located> objects(
      Handle handle, String store, Optional<Digest> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT %s FROM blob_object o
            WHERE o.store = :store AND o.digest > :after
            ORDER BY o.digest
            LIMIT :limit
            """
                .formatted(Located.COLUMNS))
        .bind("store", store)
        .bind("after", after.map(Digest::toString).orElse(""))
        .bind("limit", limit)
        .map((row, _) -> Located.of(row))
        .list();
  }

  /** Whether a repository has the blob. */
  public static boolean linked(Handle handle, RepositoryName repository, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (SELECT FROM blob_link WHERE repository = :repository AND digest = :digest)
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .mapTo(Boolean.class)
        .one();
  }

  /** Those of these blobs that a repository has. */
  public static Set<Digest> linked(
      Handle handle, RepositoryName repository, Collection<Digest> digests) {
    return new HashSet<>(
        handle
            .createQuery(
                """
                SELECT digest FROM blob_link WHERE repository = :repository AND digest = ANY (:digests)
                """)
            .bind("repository", repository.value())
            .bindArray("digests", String.class, digests.stream().map(Digest::toString).toList())
            .map((row, _) -> Digest.parse(row.getString(1)))
            .list());
  }

  /** Whether any repository has the blob. */
  public static boolean linkedAnywhere(Handle handle, Digest digest) {
    return handle
        .createQuery("SELECT EXISTS (SELECT FROM blob_link WHERE digest = :digest)")
        .bind("digest", digest.toString())
        .mapTo(Boolean.class)
        .one();
  }

  /** At most {@code limit} blobs of a repository after one, in the order of their digests. */
  public static List<Digest> list(
      Handle handle, RepositoryName repository, Optional<Digest> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT digest FROM blob_link
            WHERE repository = :repository AND digest > :after
            ORDER BY digest
            LIMIT :limit
            """)
        .bind("repository", repository.value())
        .bind("after", after.map(Digest::toString).orElse(""))
        .bind("limit", limit)
        .map((row, _) -> Digest.parse(row.getString("digest")))
        .list();
  }
}
