package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Unnested;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Which repositories, manifests and blob links there were, and from which event until which: what
 * {@link TagView} says of tags. It also knows when a store last gave up the bytes of a digest.
 */
public final class HistoryView implements Projection {
  private final ManifestDocuments documents;

  HistoryView(ManifestDocuments documents) {
    this.documents = documents;
  }

  @Override
  public String name() {
    return "history";
  }

  @Override
  public List<String> tables() {
    return List.of("repository_history", "manifest_history", "blob_link_history", "blob_sweep");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    Periods<RepositoryName, Void> repositories = new Periods<>();
    Periods<Member<Digest>, Put> manifests = new Periods<>();
    Periods<Member<Digest>, Void> links = new Periods<>();
    Map<BlobView.StoredIn, RecordedEvent> swept = new LinkedHashMap<>();
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.RepositoryCreated(var repository) ->
            repositories.begin(repository, recorded, null);
        case Event.RepositoryRemoved(var repository) ->
            repositories.end(repository, recorded, "removed");
        case Event.BlobUploaded uploaded -> {
          if (uploaded.linked()) {
            links.begin(new Member<>(uploaded.repository(), uploaded.digest()), recorded, null);
          }
        }
        case Event.BlobMounted mounted -> {
          if (mounted.linked()) {
            links.begin(new Member<>(mounted.repository(), mounted.digest()), recorded, null);
          }
        }
        case Event.BlobDeleted(var repository, var digest) ->
            links.end(new Member<>(repository, digest), recorded, "deleted");
        case Event.BlobUnlinked(var repository, var digest, _) ->
            links.end(new Member<>(repository, digest), recorded, "collected");
        case Event.BlobSwept gone ->
            swept.put(new BlobView.StoredIn(gone.store(), gone.digest()), recorded);
        case Event.ManifestPut put -> {
          if (put.added()) {
            manifests.begin(
                new Member<>(put.repository(), put.digest()),
                recorded,
                new Put(put, documents.recorded(transaction, put.digest()).artifactType()));
          }
        }
        case Event.ManifestDeleted(var repository, var digest) ->
            manifests.end(new Member<>(repository, digest), recorded, "deleted");
        case Event.ManifestCollected(var repository, var digest, _) ->
            manifests.end(new Member<>(repository, digest), recorded, "collected");
        case Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.BlobRepaired _,
            Event.OrphanSwept _,
            Event.BlobCorruptionFound _,
            Event.BlobFoundIntact _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    writeRepositories(transaction, repositories);
    writeManifests(transaction, manifests);
    writeLinks(transaction, links);
    writeSwept(transaction, swept);
  }

  private record Put(Event.ManifestPut event, Optional<String> artifactType) {}

  private static void writeRepositories(
      Handle transaction, Periods<RepositoryName, Void> repositories) {
    repositories
        .endedRows()
        .text("repositories", Map.Entry::getKey)
        .execute(
            transaction,
            """
            UPDATE repository_history h
            SET until_position = ended.position, until_at = ended.at, ended_by = ended.how
            FROM unnest(:repositories::text[], :positions::bigint[], :times::timestamptz[], :hows::text[])
              AS ended (repository, position, at, how)
            WHERE h.repository = ended.repository AND h.until_position IS NULL
            """);
    repositories
        .begunRows()
        .text("repositories", Periods.Begun::key)
        .execute(
            transaction,
            """
            INSERT INTO repository_history (repository, from_position, from_at, until_position, until_at, ended_by)
            SELECT * FROM unnest(:repositories::text[], :positions::bigint[], :times::timestamptz[],
                                 :untilPositions::bigint[], :untilTimes::timestamptz[], :hows::text[])
            """);
  }

  private static void writeManifests(Handle transaction, Periods<Member<Digest>, Put> manifests) {
    end(transaction, "manifest_history", manifests);
    manifests
        .begunRows()
        .text("repositories", each -> each.key().repository())
        .digests("digests", each -> each.key().item())
        .text("mediaTypes", each -> each.value().event().mediaType())
        .text("artifactTypes", each -> each.value().artifactType().orElse(null))
        .number("sizes", each -> each.value().event().size())
        .digests("subjects", each -> each.value().event().subject().orElse(null))
        .execute(
            transaction,
            """
            INSERT INTO manifest_history (repository, digest, media_type, artifact_type, size, subject, from_position,
                                          from_at, until_position, until_at, ended_by)
            SELECT * FROM unnest(
              :repositories::text[], :digests::bytea[], :mediaTypes::text[], :artifactTypes::text[], :sizes::bigint[],
              :subjects::bytea[], :positions::bigint[], :times::timestamptz[], :untilPositions::bigint[],
              :untilTimes::timestamptz[], :hows::text[])
            """);
  }

  private static void writeLinks(Handle transaction, Periods<Member<Digest>, Void> links) {
    end(transaction, "blob_link_history", links);
    links
        .begunRows()
        .text("repositories", each -> each.key().repository())
        .digests("digests", each -> each.key().item())
        .execute(
            transaction,
            """
            INSERT INTO blob_link_history (repository, digest, from_position, from_at, until_position, until_at, ended_by)
            SELECT * FROM unnest(
              :repositories::text[], :digests::bytea[], :positions::bigint[], :times::timestamptz[],
              :untilPositions::bigint[], :untilTimes::timestamptz[], :hows::text[])
            """);
  }

  /** Ends periods that began before. */
  private static void end(Handle transaction, String table, Periods<Member<Digest>, ?> periods) {
    periods
        .endedRows()
        .text("repositories", each -> each.getKey().repository())
        .digests("digests", each -> each.getKey().item())
        .execute(
            transaction,
            """
            UPDATE %s h SET until_position = ended.position, until_at = ended.at, ended_by = ended.how
            FROM unnest(:repositories::text[], :digests::bytea[], :positions::bigint[], :times::timestamptz[],
                        :hows::text[])
              AS ended (repository, digest, position, at, how)
            WHERE h.repository = ended.repository AND h.digest = ended.digest AND h.until_position IS NULL
            """
                .formatted(table));
  }

  private static void writeSwept(Handle transaction, Map<BlobView.StoredIn, RecordedEvent> swept) {
    new Unnested<>(swept.entrySet())
        .digests("digests", each -> each.getKey().digest())
        .text("stores", each -> each.getKey().store())
        .number("positions", each -> each.getValue().position())
        .time("times", each -> each.getValue().recordedAt())
        .execute(
            transaction,
            """
            INSERT INTO blob_sweep (digest, store, position, at)
            SELECT * FROM unnest(:digests::bytea[], :stores::text[], :positions::bigint[], :times::timestamptz[])
            ON CONFLICT (digest, store) DO UPDATE SET position = excluded.position, at = excluded.at
            """);
  }

  /**
   * At most {@code limit} repositories that came to be below a position, whether they are still
   * there or not, and come after one in byte order.
   */
  public static List<RepositoryName> repositories(
      Handle handle, long position, Optional<RepositoryName> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT DISTINCT repository
            FROM repository_history
            WHERE repository > :after AND from_position < :position
            ORDER BY repository
            LIMIT :limit
            """)
        .bind("after", after.map(RepositoryName::value).orElse(""))
        .bind("position", position)
        .bind("limit", limit)
        .mapTo(RepositoryName.class)
        .list();
  }
}
