package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Fact;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** The manifests of each repository. */
public final class ManifestView implements InlineView {
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
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    RowChanges<Member<Digest>, Put> changes = new RowChanges<>();
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.ManifestPut put -> {
          if (put.added()) {
            changes.add(
                new Member<>(put.repository(), put.digest()),
                new Put(
                    recorded.position(),
                    put,
                    documents.recorded(transaction, put.digest()).artifactType()));
          }
        }
        case Event.ManifestRemoval gone ->
            changes.remove(new Member<>(gone.repository(), gone.digest()));
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    Member.delete(transaction, "manifest", changes.removed());
    new Unnested<>(changes.added())
        .text("repositories", put -> put.event().repository())
        .digests("digests", put -> put.event().digest())
        .text("mediaTypes", put -> put.event().mediaType())
        .text("artifactTypes", put -> put.artifactType().orElse(null))
        .number("sizes", put -> put.event().size())
        .digests("subjects", put -> put.event().subject().orElse(null))
        .number("positions", Put::position)
        .execute(
            transaction,
            """
            INSERT INTO manifest (repository, digest, media_type, artifact_type, size, subject, put_position)
            SELECT * FROM unnest(
              :repositories::text[], :digests::bytea[], :mediaTypes::text[], :artifactTypes::text[],
              :sizes::bigint[], :subjects::bytea[], :positions::bigint[])
            """);
  }

  private record Put(long position, Event.ManifestPut event, Optional<String> artifactType) {}

  /** A manifest of a repository, if it has it. */
  public static final Fact<Member<Digest>, Optional<Present>> PRESENT =
      new Fact<>(
          Member.DIGEST,
          """
          SELECT asked.repository, asked.digest, m.media_type, m.size
          FROM unnest(?::text[], ?::bytea[]) AS asked (repository, digest)
          CROSS JOIN LATERAL (
            SELECT media_type, size FROM manifest
            WHERE repository = asked.repository AND digest = asked.digest OFFSET 0) AS m
          """,
          Optional.empty(),
          (_, row) ->
              Optional.of(new Present(Values.digest(row, 2), row.getString(3), row.getLong(4))),
          (event, known) -> {
            switch (event) {
              case Event.ManifestPut put -> {
                if (put.added()) {
                  known.put(
                      new Member<>(put.repository(), put.digest()),
                      Optional.of(new Present(put.digest(), put.mediaType(), put.size())));
                }
              }
              case Event.ManifestRemoval gone ->
                  known.put(new Member<>(gone.repository(), gone.digest()), Optional.empty());
              case Event.RepositoryEvent _,
                  Event.BlobEvent _,
                  Event.ObjectEvent _,
                  Event.TagEvent _,
                  Event.HoldEvent _,
                  Event.RetentionEvent _,
                  Event.PullEvent _,
                  Event.AccountEvent _,
                  Event.OperatorEvent _ -> {}
            }
          });

  /** The manifest of a repository with that digest. */
  public static Optional<Present> byDigest(
      Handle handle, RepositoryName repository, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT media_type, size FROM manifest WHERE repository = :repository AND digest = :digest
            """)
        .bind("repository", repository)
        .bind("digest", digest)
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
            .bind("repository", repository)
            .bind("digests", Values.digests(digests))
            .mapTo(Digest.class)
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
            .bind("repository", repository)
            .bind("digests", Values.digests(digests))
            .mapTo(Digest.class)
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
        .bind("repository", repository)
        .bind("digests", Values.digests(digests))
        .map((row, _) -> Map.entry(Values.digest(row, 1), Values.digest(row, 2)))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
