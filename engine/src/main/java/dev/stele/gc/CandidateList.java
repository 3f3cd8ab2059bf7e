package dev.stele.gc;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.HoldView;
import dev.stele.sql.Values;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/** What a collection would take, with sizes and reasons. */
final class CandidateList {
  private final Handle handle;
  private final Instant now;

  CandidateList(Handle handle, Instant now) {
    this.handle = handle;
    this.now = now;
  }

  void read(Duration manifestGrace, Duration grace, Consumer<Candidate> each) {
    Set<String> going = new HashSet<>();
    Instant cutoff = now.minus(manifestGrace);
    for (RepositoryName repository : Unreachable.repositoriesWithManifests(handle, cutoff)) {
      for (Unreachable.Row row :
          Unreachable.manifests(handle, repository, cutoff, Integer.MAX_VALUE).rows()) {
        going.add(repository + "@" + row.digest());
        each.accept(candidate(Candidate.Kind.MANIFEST, row));
      }
    }
    blobs(now.minus(grace), going, each);
    content(now.minus(grace), each);
    emptyRepositories(now.minus(grace), each);
  }

  private void content(Instant cutoff, Consumer<Candidate> each) {
    Unreachable.<Digest>pages(
        last -> Unreachable.content(handle, cutoff, last),
        page -> {
          Set<Digest> held = HoldView.content(handle, page, cutoff);
          page.stream()
              .filter(digest -> !held.contains(digest))
              .forEach(digest -> content(digest).ifPresent(each));
        });
  }

  private void emptyRepositories(Instant cutoff, Consumer<Candidate> each) {
    Unreachable.<RepositoryName>pages(
        last -> Unreachable.emptyRepositories(handle, cutoff, last),
        page ->
            page.stream()
                .filter(repository -> !HeldContent.whole(handle, repository))
                .forEach(repository -> empty(repository).ifPresent(each)));
  }

  private void blobs(Instant cutoff, Set<String> going, Consumer<Candidate> each) {
    Unreachable.<Unreachable.Row>pages(
        last -> Unreachable.expiredBlobs(handle, cutoff, last),
        page -> {
          for (Unreachable.Row row : page) {
            boolean used =
                Unreachable.users(handle, row).stream()
                    .anyMatch(user -> !going.contains(row.repository() + "@" + user));
            if (!used) {
              each.accept(candidate(Candidate.Kind.BLOB, row));
            }
          }
        });
  }

  private Candidate candidate(Candidate.Kind kind, Unreachable.Row row) {
    return new Candidate(
        kind,
        Optional.of(row.repository()),
        Optional.of(row.digest()),
        size(kind, row),
        row.since(),
        row.sinceAt(),
        reason(row.since()));
  }

  private long size(Candidate.Kind kind, Unreachable.Row row) {
    return handle
        .createQuery(
            kind == Candidate.Kind.MANIFEST
                ? "SELECT size FROM manifest WHERE digest = :digest AND repository = :repository"
                : "SELECT size FROM blob_object WHERE digest = :digest AND :repository <> '' LIMIT"
                    + " 1")
        .bind("digest", row.digest())
        .bind("repository", row.repository())
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }

  /** Empty if it has gone meanwhile: a collector may be at work. */
  private Optional<Candidate> content(Digest digest) {
    return handle
        .createQuery(
            """
            SELECT u.since, u.since_at,
                   coalesce((SELECT sum(size) FROM blob_object o WHERE o.digest = u.digest), 0) AS size
            FROM unlinked u WHERE u.digest = :digest
            """)
        .bind("digest", digest)
        .map(
            (row, _) ->
                new Candidate(
                    Candidate.Kind.CONTENT,
                    Optional.empty(),
                    Optional.of(digest),
                    row.getLong("size"),
                    row.getLong("since"),
                    Values.time(row, "since_at"),
                    reason(row.getLong("since"))))
        .findOne();
  }

  private Optional<Candidate> empty(RepositoryName repository) {
    return handle
        .createQuery(
            """
            SELECT since, since_at FROM unreachable
            WHERE repository = :repository AND digest = '' AND kind = 'repository'
            """)
        .bind("repository", repository)
        .map(
            (row, _) ->
                new Candidate(
                    Candidate.Kind.REPOSITORY,
                    Optional.of(repository),
                    Optional.empty(),
                    0,
                    row.getLong("since"),
                    Values.time(row, "since_at"),
                    reason(row.getLong("since"))))
        .findOne();
  }

  /** The event in words; leaves are JSON, so PostgreSQL can read them. */
  private String reason(long position) {
    record Told(String type, Optional<String> tag, Optional<String> digest) {}
    Told event =
        handle
            .createQuery(
                """
                SELECT type, leaf #>> '{data,tag}' AS tag, leaf #>> '{data,digest}' AS digest
                FROM (SELECT type, convert_from(leaf, 'UTF8')::json AS leaf FROM event
                      WHERE position = :position) AS e
                """)
            .bind("position", position)
            .map(
                (row, _) ->
                    new Told(
                        row.getString("type"),
                        Optional.ofNullable(row.getString("tag")),
                        Optional.ofNullable(row.getString("digest"))))
            .one();
    return switch (event.type()) {
      case "BlobUploaded" -> "uploaded, and no manifest has used it since";
      case "BlobMounted" -> "mounted, and no manifest has used it since";
      case "ManifestPut" -> "put without a tag";
      case "TagMoved", "TagRestored" -> "tag " + event.tag().orElse("?") + " was moved away";
      case "HoldReleased" -> "a hold was released";
      case "TagDeleted" -> "tag " + event.tag().orElse("?") + " was deleted";
      case "ManifestDeleted", "ManifestCollected" ->
          "manifest " + event.digest().orElse("?") + " was removed";
      case "BlobDeleted", "BlobUnlinked" -> "the last repository that had it lost it";
      case "RetentionPolicyAdopted" -> "a retention policy was adopted that does not keep it";
      default -> event.type();
    };
  }
}
