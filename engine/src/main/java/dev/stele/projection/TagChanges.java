package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What events make of tags and of their history, to be written at once: a tag that moves several
 * times meanwhile has one row in the end, and as many stretches of history as it has had.
 */
final class TagChanges {
  /**
   * Where a tag points meanwhile.
   *
   * @param put the last event by which it was put
   */
  private record Stretch(Digest digest, RecordedEvent put) {
    Stretch putAgain(Digest where, RecordedEvent by) {
      return where.equals(digest) ? new Stretch(digest, by) : this;
    }
  }

  /** A tag that was put once more where it may point since before. */
  private record PutAgain(Member<Tag> tag, Digest digest) {}

  private final Periods<Member<Tag>, Stretch> stretches = new Periods<>();
  private final Map<PutAgain, RecordedEvent> putAgain = new LinkedHashMap<>();

  void point(RecordedEvent recorded, Event.TagPointed pointed) {
    Member<Tag> member = new Member<>(pointed.repository(), pointed.tag());
    if (pointed.previous().isPresent()) {
      stretches.end(member, recorded, "moved");
    }
    stretches.begin(member, recorded, new Stretch(pointed.digest(), recorded));
  }

  void delete(RecordedEvent recorded, RepositoryName repository, Tag tag) {
    stretches.end(new Member<>(repository, tag), recorded, "deleted");
  }

  /** Tags that had the digest already do not move, but they were put once more. */
  void put(RecordedEvent recorded, Event.ManifestPut put) {
    for (Tag tag : put.tags()) {
      Member<Tag> member = new Member<>(put.repository(), tag);
      if (stretches.isUntouched(member)) {
        putAgain.put(new PutAgain(member, put.digest()), recorded);
      } else {
        stretches.update(member, stretch -> stretch.putAgain(put.digest(), recorded));
      }
    }
  }

  void write(Pipeline transaction) {
    endThoseBefore(transaction);
    writeHistory(transaction);
    remove(transaction);
    writeTags(transaction);
    writePutAgain(transaction);
  }

  /** The lasting period is the tag's newest, so its key is known without looking for it. */
  private void endThoseBefore(Pipeline transaction) {
    stretches
        .endedRows()
        .text("repositories", each -> each.getKey().repository())
        .text("names", each -> each.getKey().item())
        .id("actors", each -> each.getValue().by().actor().value())
        .execute(
            transaction,
            """
            UPDATE tag_history h
            SET until_position = ended.position, until_at = ended.at, until_actor = ended.actor,
                ended_by = ended.how
            FROM (
              SELECT ended.*, t.moved_position
              FROM unnest(
                :repositories::text[], :names::text[], :positions::bigint[], :times::timestamptz[],
                :actors::uuid[], :hows::text[]) AS ended (repository, name, position, at, actor, how)
              CROSS JOIN LATERAL (
                SELECT moved_position FROM tag
                WHERE repository = ended.repository AND name = ended.name OFFSET 0) AS t) AS ended
            WHERE h.repository = ended.repository AND h.name = ended.name
              AND h.from_position = ended.moved_position
            """);
  }

  private void writeHistory(Pipeline transaction) {
    stretches
        .begunRows()
        .text("repositories", each -> each.key().repository())
        .text("names", each -> each.key().item())
        .digests("digests", each -> each.value().digest())
        .id("actors", each -> each.by().actor().value())
        .id("untilActors", each -> each.end().map(end -> end.by().actor().value()).orElse(null))
        .execute(
            transaction,
            """
            INSERT INTO tag_history (repository, name, digest, from_position, from_at, from_actor,
                                     until_position, until_at, until_actor, ended_by)
            SELECT * FROM unnest(
              :repositories::text[], :names::text[], :digests::bytea[], :positions::bigint[],
              :times::timestamptz[], :actors::uuid[], :untilPositions::bigint[],
              :untilTimes::timestamptz[], :untilActors::uuid[], :hows::text[])
            """);
  }

  private void remove(Pipeline transaction) {
    new Unnested<>(stretches.gone())
        .text("repositories", Member::repository)
        .text("names", Member::item)
        .execute(
            transaction,
            """
            DELETE FROM tag t
            USING unnest(:repositories::text[], :names::text[]) AS gone (repository, name)
            WHERE t.repository = gone.repository AND t.name = gone.name
            """);
  }

  private void writeTags(Pipeline transaction) {
    new Unnested<>(stretches.lasting())
        .text("repositories", each -> each.key().repository())
        .text("names", each -> each.key().item())
        .digests("digests", each -> each.value().digest())
        .number("positions", each -> each.by().position())
        .time("times", each -> each.by().recordedAt())
        .number("putPositions", each -> each.value().put().position())
        .time("putTimes", each -> each.value().put().recordedAt())
        .execute(
            transaction,
            """
            INSERT INTO tag (repository, name, digest, moved_position, moved_at, put_position, put_at)
            SELECT * FROM unnest(
              :repositories::text[], :names::text[], :digests::bytea[], :positions::bigint[],
              :times::timestamptz[], :putPositions::bigint[], :putTimes::timestamptz[])
            ON CONFLICT (repository, name) DO UPDATE
              SET digest = excluded.digest, moved_position = excluded.moved_position, moved_at = excluded.moved_at,
                  put_position = excluded.put_position, put_at = excluded.put_at
            """);
  }

  private void writePutAgain(Pipeline transaction) {
    List<Map.Entry<PutAgain, RecordedEvent>> unmoved =
        putAgain.entrySet().stream()
            .filter(each -> stretches.isUntouched(each.getKey().tag()))
            .toList();
    new Unnested<>(unmoved)
        .text("repositories", each -> each.getKey().tag().repository())
        .text("names", each -> each.getKey().tag().item())
        .digests("digests", each -> each.getKey().digest())
        .number("positions", each -> each.getValue().position())
        .time("times", each -> each.getValue().recordedAt())
        .execute(
            transaction,
            """
            UPDATE tag t SET put_position = put.position, put_at = put.at
            FROM unnest(
              :repositories::text[], :names::text[], :digests::bytea[], :positions::bigint[],
              :times::timestamptz[]) AS put (repository, name, digest, position, at)
            WHERE t.repository = put.repository AND t.name = put.name AND t.digest = put.digest
            """);
  }
}
