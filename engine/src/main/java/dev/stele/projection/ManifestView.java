package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** The manifests of each repository, and what each refers to. */
public final class ManifestView implements Projection {
  /**
   * A manifest of a repository.
   *
   * @param mediaType that it was put with
   * @param size in bytes
   */
  public record Present(Digest digest, String mediaType, long size) {}

  private final ManifestDocuments documents;

  ManifestView(ManifestDocuments documents) {
    this.documents = documents;
  }

  @Override
  public String name() {
    return "manifest";
  }

  @Override
  public List<String> tables() {
    return List.of("manifest", "manifest_reference");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.ManifestPut put -> {
          if (put.added()) {
            add(transaction, recorded.position(), put);
          }
        }
        case Event.ManifestDeleted deleted ->
            remove(transaction, deleted.repository(), deleted.digest());
        case Event.ManifestCollected collected ->
            remove(transaction, collected.repository(), collected.digest());
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
  }

  private static void remove(Handle transaction, RepositoryName repository, Digest digest) {
    transaction
        .createUpdate(
            """
            WITH gone AS (
              DELETE FROM manifest WHERE repository = :repository AND digest = :digest)
            DELETE FROM manifest_reference WHERE repository = :repository AND manifest = :digest
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .execute();
  }

  private void add(Handle transaction, long position, Event.ManifestPut put) {
    Manifest manifest = documents.recorded(transaction, put.digest());
    Map<Digest, Manifest.Listed> listed = new LinkedHashMap<>();
    // What is to be here according to one of its places is to be here.
    manifest
        .listed()
        .forEach(
            each ->
                listed.merge(each.digest(), each, (one, other) -> one.elsewhere() ? other : one));
    transaction
        .createUpdate(
            """
            WITH added AS (
              INSERT INTO manifest (repository, digest, media_type, artifact_type, size, subject, put_position)
              VALUES (:repository, :digest, :mediaType, :artifactType, :size, :subject, :position))
            INSERT INTO manifest_reference (repository, manifest, digest, role, elsewhere)
            SELECT :repository, :digest, listed.digest, listed.role, listed.elsewhere
            FROM unnest(:digests::text[], :roles::text[], :elsewhere::boolean[]) AS listed (digest, role, elsewhere)
            """)
        .bind("repository", put.repository().value())
        .bind("digest", put.digest().toString())
        .bind("mediaType", put.mediaType())
        .bind("artifactType", manifest.artifactType())
        .bind("size", put.size())
        .bind("subject", put.subject().map(Digest::toString))
        .bind("position", position)
        .bindArray("digests", String.class, column(listed, each -> each.digest().toString()))
        .bindArray(
            "roles",
            String.class,
            column(listed, each -> each.role().name().toLowerCase(Locale.ROOT)))
        .bindArray("elsewhere", Boolean.class, column(listed, Manifest.Listed::elsewhere))
        .execute();
  }

  private static Object[] column(
      Map<Digest, Manifest.Listed> listed, Function<Manifest.Listed, ?> value) {
    return listed.values().stream().map(value).toArray();
  }

  /** The manifest of a repository with that digest. */
  public static Optional<Present> byDigest(
      Handle handle, RepositoryName repository, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT media_type, size FROM manifest WHERE repository = :repository AND digest = :digest
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .map((row, _) -> new Present(digest, row.getString("media_type"), row.getLong("size")))
        .findOne();
  }

  /** Those of these manifests that a repository has. */
  public static Set<Digest> present(
      Handle handle, RepositoryName repository, Collection<Digest> digests) {
    return new HashSet<>(
        handle
            .createQuery(
                """
                SELECT digest FROM manifest WHERE repository = :repository AND digest = ANY (:digests)
                """)
            .bind("repository", repository.value())
            .bindArray("digests", String.class, digests.stream().map(Digest::toString).toList())
            .map((row, _) -> Digest.parse(row.getString(1)))
            .list());
  }

  /** The subjects of these manifests of a repository, present or not. */
  public static Set<Digest> subjects(
      Handle handle, RepositoryName repository, Collection<Digest> digests) {
    return new HashSet<>(
        handle
            .createQuery(
                """
                SELECT subject FROM manifest
                WHERE repository = :repository AND digest = ANY (:digests) AND subject IS NOT NULL
                """)
            .bind("repository", repository.value())
            .bindArray("digests", String.class, digests.stream().map(Digest::toString).toList())
            .map((row, _) -> Digest.parse(row.getString(1)))
            .list());
  }

  /** The present manifests of a repository that list a digest; at most 10 of them. */
  public static List<Digest> listing(Handle handle, RepositoryName repository, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT manifest
            FROM manifest_reference
            WHERE repository = :repository AND digest = :digest
            ORDER BY manifest
            LIMIT 10
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .map((row, _) -> Digest.parse(row.getString("manifest")))
        .list();
  }

  /**
   * What keeps a digest of a repository alive, itself included: manifests that list it, its subject
   * if that is present, and what keeps those alive. At most {@code limit}, whichever come first.
   */
  public static List<Digest> keepers(
      Handle handle, RepositoryName repository, Digest digest, int limit) {
    return handle
        .createQuery(
            """
            WITH RECURSIVE keeper AS (
              SELECT :digest::text COLLATE "C" AS digest
              UNION
              SELECT next.digest
              FROM keeper
              CROSS JOIN LATERAL (
                SELECT r.manifest AS digest FROM manifest_reference r
                WHERE r.repository = :repository AND r.digest = keeper.digest
                UNION ALL
                SELECT s.digest
                FROM manifest m
                JOIN manifest s ON s.repository = :repository AND s.digest = m.subject
                WHERE m.repository = :repository AND m.digest = keeper.digest OFFSET 0) AS next)
            SELECT digest FROM keeper LIMIT :limit
            """)
        .bind("limit", limit)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .map((row, _) -> Digest.parse(row.getString(1)))
        .list();
  }

  /** What a manifest of a repository lists. */
  public record Reference(Digest manifest, Digest digest, Manifest.Role role) {}

  /**
   * At most {@code limit} references, after one, to content that the repository is to have and
   * lacks: it is no manifest of it, and no blob either, or its store has nothing of that.
   */
  public static List<Reference> dangling(
      Handle handle,
      RepositoryName repository,
      String store,
      Optional<Reference> after,
      int limit) {
    return handle
        .createQuery(
            """
            SELECT r.manifest, r.digest, r.role
            FROM manifest_reference r
            WHERE r.repository = :repository AND (r.manifest, r.digest) > (:manifest, :digest)
              AND NOT r.elsewhere
              AND NOT EXISTS (
                SELECT FROM manifest m WHERE m.repository = r.repository AND m.digest = r.digest)
              AND NOT EXISTS (
                SELECT FROM blob_link l
                JOIN blob_object o ON o.digest = l.digest AND o.store = :store
                WHERE l.repository = r.repository AND l.digest = r.digest)
            ORDER BY r.manifest, r.digest
            LIMIT :limit
            """)
        .bind("repository", repository.value())
        .bind("store", store)
        .bind("manifest", after.map(last -> last.manifest().toString()).orElse(""))
        .bind("digest", after.map(last -> last.digest().toString()).orElse(""))
        .bind("limit", limit)
        .map(
            (row, _) ->
                new Reference(
                    Digest.parse(row.getString(1)),
                    Digest.parse(row.getString(2)),
                    Manifest.Role.valueOf(row.getString(3).toUpperCase(Locale.ROOT))))
        .list();
  }
}
