package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.sql.Unnested;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;

/**
 * How often tags and digests were pulled, and when last. It outlives them: a tag that is put again
 * after it was deleted has been pulled before. A page of events is a statement a table.
 */
public final class PullView implements Projection {
  private record Pulls(long count, long lastPosition, Instant lastAt) {
    /** Nodes observe for themselves, so an event may speak of earlier pulls than one before it. */
    Pulls and(Pulls later) {
      Pulls last = later.lastAt.isBefore(lastAt) ? this : later;
      return new Pulls(count + later.count, last.lastPosition, last.lastAt);
    }
  }

  @Override
  public String name() {
    return "pull";
  }

  @Override
  public List<String> tables() {
    return List.of("pull_by_tag", "pull_by_digest");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    Map<Member<Tag>, Pulls> tags = new LinkedHashMap<>();
    Map<Member<Digest>, Pulls> digests = new LinkedHashMap<>();
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.PullsObserved observed -> {
          RepositoryName repository = observed.repository();
          Pulls pulls = new Pulls(observed.count(), recorded.position(), observed.last());
          observed
              .tag()
              .ifPresent(tag -> tags.merge(new Member<>(repository, tag), pulls, Pulls::and));
          digests.merge(new Member<>(repository, observed.digest()), pulls, Pulls::and);
        }
        case Event.BlobPullsObserved _,
            Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    write(
        transaction,
        "pull_by_tag",
        "name",
        tags,
        rows -> rows.text("pulled", each -> each.getKey().item()),
        "text");
    write(
        transaction,
        "pull_by_digest",
        "digest",
        digests,
        rows -> rows.digests("pulled", each -> each.getKey().item()),
        "bytea");
  }

  /** In the order in which the table's key begins, so that neighbours are written together. */
  private static <T> void write(
      Handle transaction,
      String table,
      String column,
      Map<Member<T>, Pulls> pulls,
      UnaryOperator<Unnested<Map.Entry<Member<T>, Pulls>>> pulled,
      String type) {
    pulled
        .apply(new Unnested<>(pulls.entrySet()))
        .text("repositories", each -> each.getKey().repository())
        .number("counts", each -> each.getValue().count())
        .number("positions", each -> each.getValue().lastPosition())
        .time("times", each -> each.getValue().lastAt())
        .execute(
            transaction,
            """
            INSERT INTO %1$s AS old (repository, %2$s, pulls, last_position, last_at)
            SELECT * FROM unnest(
              :repositories::text[], :pulled::%3$s[], :counts::bigint[], :positions::bigint[], :times::timestamptz[])
              AS pulled (repository)
            ORDER BY pulled.repository COLLATE "C"
            ON CONFLICT (repository, %2$s) DO UPDATE
              SET pulls = old.pulls + excluded.pulls,
                  last_position = CASE WHEN excluded.last_at >= old.last_at
                                  THEN excluded.last_position ELSE old.last_position END,
                  last_at = greatest(old.last_at, excluded.last_at)
            """
                .formatted(table, column, type));
  }

  /** How often a digest was pulled from a repository, by whatever tag or none. */
  public static long pulls(Handle handle, RepositoryName repository, Digest digest) {
    return pulls(handle, "pull_by_digest", "digest", repository, digest);
  }

  /** How often a tag was pulled from a repository, whatever it pointed to. */
  public static long pulls(Handle handle, RepositoryName repository, Tag tag) {
    return pulls(handle, "pull_by_tag", "name", repository, tag);
  }

  private static long pulls(
      Handle handle, String table, String column, RepositoryName repository, Object key) {
    return handle
        .createQuery(
            "SELECT pulls FROM %s WHERE repository = :repository AND %s = :key"
                .formatted(table, column))
        .bind("repository", repository)
        .bind("key", key)
        .mapTo(Long.class)
        .findOne()
        .orElse(0L);
  }
}
