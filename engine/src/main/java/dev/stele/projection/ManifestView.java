package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** The manifests of each repository. */
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
    return List.of("manifest");
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
            DELETE FROM manifest WHERE repository = :repository AND digest = :digest
            """)
        .bind("repository", repository.value())
        .bind("digest", digest.toString())
        .execute();
  }

  private void add(Handle transaction, long position, Event.ManifestPut put) {
    Manifest manifest = documents.recorded(transaction, put.digest());
    transaction
        .createUpdate(
            """
            INSERT INTO manifest (repository, digest, media_type, artifact_type, size, subject, put_position)
            VALUES (:repository, :digest, :mediaType, :artifactType, :size, :subject, :position)
            """)
        .bind("repository", put.repository().value())
        .bind("digest", put.digest().toString())
        .bind("mediaType", put.mediaType())
        .bind("artifactType", manifest.artifactType())
        .bind("size", put.size())
        .bind("subject", put.subject().map(Digest::toString))
        .bind("position", position)
        .execute();
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

  /** The subjects of these manifests that the repository has, by referrer. */
  public static Map<Digest, Digest> presentSubjects(
      Handle handle, RepositoryName repository, Collection<Digest> digests) {
    return handle
        .createQuery(
            """
            SELECT m.digest, m.subject
            FROM manifest m
            CROSS JOIN LATERAL (
              SELECT FROM manifest WHERE repository = :repository AND digest = m.subject OFFSET 0) AS subject
            WHERE m.repository = :repository AND m.digest = ANY (:digests)
            """)
        .bind("repository", repository.value())
        .bindArray("digests", String.class, digests.stream().map(Digest::toString).toList())
        .map((row, _) -> Map.entry(Digest.parse(row.getString(1)), Digest.parse(row.getString(2))))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
