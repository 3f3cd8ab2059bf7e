package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** The manifests of each repository, and what each refers to. */
public final class ManifestView implements Projection {
  /** How a manifest refers to content. The names are in the database. */
  public enum Kind {
    CONFIG,
    LAYER,
    MANIFEST;

    static Kind of(String column) {
      return Arrays.stream(values())
          .filter(kind -> kind.column().equals(column))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no kind of reference: " + column));
    }

    String column() {
      return switch (this) {
        case CONFIG -> "config";
        case LAYER -> "layer";
        case MANIFEST -> "manifest";
      };
    }
  }

  /** A manifest of a repository. */
  public record Present(Digest digest, String mediaType) {}

  private record Edge(Digest digest, Kind kind) {}

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
            Event.PullsObserved _,
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
    Manifest manifest = documents.recorded(transaction, put.digest(), put.mediaType());
    Set<Edge> edges = new LinkedHashSet<>();
    manifest.config().ifPresent(config -> edges.add(new Edge(config.digest(), Kind.CONFIG)));
    for (Descriptor layer : manifest.layers()) {
      edges.add(new Edge(layer.digest(), Kind.LAYER));
    }
    for (Descriptor child : manifest.manifests()) {
      edges.add(new Edge(child.digest(), Kind.MANIFEST));
    }
    transaction
        .createUpdate(
            """
            WITH added AS (
              INSERT INTO manifest (repository, digest, media_type, artifact_type, size, subject, put_position)
              VALUES (:repository, :digest, :mediaType, :artifactType, :size, :subject, :position))
            INSERT INTO manifest_reference (repository, manifest, digest, kind)
            SELECT :repository, :digest, referred.digest, referred.kind
            FROM unnest(:digests::text[], :kinds::text[]) AS referred (digest, kind)
            """)
        .bind("repository", put.repository().value())
        .bind("digest", put.digest().toString())
        .bind("mediaType", put.mediaType())
        .bind("artifactType", manifest.artifactType())
        .bind("size", put.size())
        .bind("subject", put.subject().map(Digest::toString))
        .bind("position", position)
        .bindArray(
            "digests", String.class, edges.stream().map(edge -> edge.digest().toString()).toList())
        .bindArray("kinds", String.class, edges.stream().map(edge -> edge.kind().column()).toList())
        .execute();
  }

  /** The manifest of a repository with that digest. */
  public static Optional<Present> byDigest(
      Handle handle, RepositoryName repository, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT media_type FROM manifest WHERE repository = :repository AND digest = :digest
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .map((row, _) -> new Present(digest, row.getString("media_type")))
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

  /**
   * The present manifests of a repository that refer to a digest in one of these ways; at most 10
   * of them.
   */
  public static List<Digest> referringTo(
      Handle handle, RepositoryName repository, Digest digest, Kind... kinds) {
    List<String> columns = new ArrayList<>();
    for (Kind kind : kinds) {
      columns.add(kind.column());
    }
    return handle
        .createQuery(
            """
            SELECT DISTINCT manifest
            FROM manifest_reference
            WHERE repository = :repository AND digest = :digest AND kind = ANY (:kinds)
            ORDER BY manifest
            LIMIT 10
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .bindArray("kinds", String.class, columns)
        .map((row, _) -> Digest.parse(row.getString("manifest")))
        .list();
  }

  /**
   * What keeps a manifest of a repository alive, itself included: indexes that list it, its subject
   * if that is present, and what keeps those alive.
   */
  public static List<Digest> keepers(Handle handle, RepositoryName repository, Digest digest) {
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
                WHERE r.repository = :repository AND r.digest = keeper.digest AND r.kind = 'manifest'
                UNION ALL
                SELECT s.digest
                FROM manifest m
                JOIN manifest s ON s.repository = :repository AND s.digest = m.subject
                WHERE m.repository = :repository AND m.digest = keeper.digest OFFSET 0) AS next)
            SELECT digest FROM keeper
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .map((row, _) -> Digest.parse(row.getString(1)))
        .list();
  }

  /** What a manifest of a repository refers to. */
  public record Reference(Digest manifest, Digest digest, Kind kind) {}

  /**
   * At most {@code limit} references, after one, to content that the repository lacks: children
   * that are no manifests of it, configs and layers that are not linked to it or of which its store
   * has nothing.
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
            SELECT r.manifest, r.digest, r.kind
            FROM manifest_reference r
            WHERE r.repository = :repository AND (r.manifest, r.digest, r.kind) > (:manifest, :digest, :kind)
              AND CASE r.kind
                WHEN 'manifest' THEN NOT EXISTS (
                  SELECT FROM manifest m WHERE m.repository = r.repository AND m.digest = r.digest)
                ELSE NOT EXISTS (
                  SELECT FROM blob_link l
                  JOIN blob_object o ON o.digest = l.digest AND o.store = :store
                  WHERE l.repository = r.repository AND l.digest = r.digest)
                END
            ORDER BY r.manifest, r.digest, r.kind
            LIMIT :limit
            """)
        .bind("repository", repository.value())
        .bind("store", store)
        .bind("manifest", after.map(last -> last.manifest().toString()).orElse(""))
        .bind("digest", after.map(last -> last.digest().toString()).orElse(""))
        .bind("kind", after.map(last -> last.kind().column()).orElse(""))
        .bind("limit", limit)
        .map(
            (row, _) ->
                new Reference(
                    Digest.parse(row.getString(1)),
                    Digest.parse(row.getString(2)),
                    Kind.of(row.getString(3))))
        .list();
  }
}
