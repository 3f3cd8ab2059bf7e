package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Columns;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * What events make of tags and of their history, to be written at once: a tag that moves several
 * times meanwhile has one row in the end, and as many stretches of history as it has had.
 */
final class TagChanges {
  /** A stretch that an event ends. */
  private record End(RecordedEvent by, String how) {}

  /** A stretch of history that began meanwhile. */
  private record Begun(
      Member<Tag> tag,
      Digest digest,
      RecordedEvent event,
      Optional<RecordedEvent> put,
      Optional<End> end) {
    Begun ended(End by) {
      return new Begun(tag, digest, event, put, Optional.of(by));
    }

    Begun putAgain(RecordedEvent by) {
      return new Begun(tag, digest, event, Optional.of(by), end);
    }

    /** The last event by which it was put. */
    RecordedEvent lastPut() {
      return put.orElse(event);
    }
  }

  /** A tag that was put once more where it may point since before. */
  private record PutAgain(Member<Tag> tag, Digest digest) {}

  private final Map<Member<Tag>, End> endedBefore = new LinkedHashMap<>();
  private final Map<Member<Tag>, List<Begun>> begun = new LinkedHashMap<>();
  private final Map<PutAgain, RecordedEvent> putAgain = new LinkedHashMap<>();

  boolean isEmpty() {
    return endedBefore.isEmpty() && begun.isEmpty() && putAgain.isEmpty();
  }

  void point(
      RecordedEvent recorded,
      RepositoryName repository,
      Tag tag,
      Digest digest,
      Optional<Digest> previous) {
    Member<Tag> member = new Member<>(repository, tag);
    if (previous.isPresent()) {
      end(member, new End(recorded, "moved"));
    }
    begun
        .computeIfAbsent(member, _ -> new ArrayList<>(1))
        .add(new Begun(member, digest, recorded, Optional.empty(), Optional.empty()));
  }

  void delete(RecordedEvent recorded, RepositoryName repository, Tag tag) {
    end(new Member<>(repository, tag), new End(recorded, "deleted"));
  }

  /** Ends the last stretch, be it one that began meanwhile or before. */
  private void end(Member<Tag> tag, End end) {
    List<Begun> stretches = begun.get(tag);
    if (stretches == null) {
      endedBefore.putIfAbsent(tag, end);
    } else if (stretches.getLast().end().isEmpty()) {
      stretches.set(stretches.size() - 1, stretches.getLast().ended(end));
    }
  }

  /** Tags that had the digest already do not move, but they were put once more. */
  void put(RecordedEvent recorded, Event.ManifestPut put) {
    for (Tag tag : put.tags()) {
      Member<Tag> member = new Member<>(put.repository(), tag);
      List<Begun> stretches = begun.get(member);
      if (stretches != null) {
        Begun last = stretches.getLast();
        if (last.end().isEmpty() && last.digest().equals(put.digest())) {
          stretches.set(stretches.size() - 1, last.putAgain(recorded));
        }
      } else if (!endedBefore.containsKey(member)) {
        putAgain.put(new PutAgain(member, put.digest()), recorded);
      }
    }
  }

  void write(Handle transaction) {
    endThoseBefore(transaction);
    List<Begun> all = begun.values().stream().flatMap(List::stream).toList();
    writeHistory(transaction, all);
    List<Begun> standing =
        begun.values().stream().map(List::getLast).filter(last -> last.end().isEmpty()).toList();
    remove(transaction);
    writeTags(transaction, standing);
    writePutAgain(transaction);
  }

  /** The lasting period is the tag's newest, so its key is known without looking for it. */
  private void endThoseBefore(Handle transaction) {
    new Columns<>(endedBefore.entrySet())
        .text("repositories", each -> each.getKey().repository())
        .text("names", each -> each.getKey().item())
        .number("positions", each -> each.getValue().by().position())
        .time("times", each -> each.getValue().by().recordedAt())
        .id("actors", each -> each.getValue().by().actor().value())
        .text("hows", each -> each.getValue().how())
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

  private static void writeHistory(Handle transaction, List<Begun> stretches) {
    new Columns<>(stretches)
        .text("repositories", each -> each.tag().repository())
        .text("names", each -> each.tag().item())
        .text("digests", Begun::digest)
        .number("positions", each -> each.event().position())
        .time("times", each -> each.event().recordedAt())
        .id("actors", each -> each.event().actor().value())
        .number("untilPositions", each -> each.end().map(end -> end.by().position()).orElse(null))
        .time("untilTimes", each -> each.end().map(end -> end.by().recordedAt()).orElse(null))
        .id("untilActors", each -> each.end().map(end -> end.by().actor().value()).orElse(null))
        .text("hows", each -> each.end().map(End::how).orElse(null))
        .execute(
            transaction,
            """
            INSERT INTO tag_history (repository, name, digest, from_position, from_at, from_actor,
                                     until_position, until_at, until_actor, ended_by)
            SELECT * FROM unnest(
              :repositories::text[], :names::text[], :digests::text[], :positions::bigint[],
              :times::timestamptz[], :actors::uuid[], :untilPositions::bigint[],
              :untilTimes::timestamptz[], :untilActors::uuid[], :hows::text[])
            """);
  }

  private void remove(Handle transaction) {
    List<Member<Tag>> gone =
        Stream.concat(
                endedBefore.keySet().stream().filter(tag -> !begun.containsKey(tag)),
                begun.entrySet().stream()
                    .filter(each -> each.getValue().getLast().end().isPresent())
                    .map(Map.Entry::getKey))
            .toList();
    new Columns<>(gone)
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

  private static void writeTags(Handle transaction, List<Begun> standing) {
    new Columns<>(standing)
        .text("repositories", each -> each.tag().repository())
        .text("names", each -> each.tag().item())
        .text("digests", Begun::digest)
        .number("positions", each -> each.event().position())
        .time("times", each -> each.event().recordedAt())
        .number("putPositions", each -> each.lastPut().position())
        .time("putTimes", each -> each.lastPut().recordedAt())
        .execute(
            transaction,
            """
            INSERT INTO tag (repository, name, digest, moved_position, moved_at, put_position, put_at)
            SELECT * FROM unnest(
              :repositories::text[], :names::text[], :digests::text[], :positions::bigint[],
              :times::timestamptz[], :putPositions::bigint[], :putTimes::timestamptz[])
            ON CONFLICT (repository, name) DO UPDATE
              SET digest = excluded.digest, moved_position = excluded.moved_position, moved_at = excluded.moved_at,
                  put_position = excluded.put_position, put_at = excluded.put_at
            """);
  }

  private void writePutAgain(Handle transaction) {
    List<Map.Entry<PutAgain, RecordedEvent>> unmoved =
        putAgain.entrySet().stream()
            .filter(each -> !begun.containsKey(each.getKey().tag()))
            .filter(each -> !endedBefore.containsKey(each.getKey().tag()))
            .toList();
    new Columns<>(unmoved)
        .text("repositories", each -> each.getKey().tag().repository())
        .text("names", each -> each.getKey().tag().item())
        .text("digests", each -> each.getKey().digest())
        .number("positions", each -> each.getValue().position())
        .time("times", each -> each.getValue().recordedAt())
        .execute(
            transaction,
            """
            UPDATE tag t SET put_position = put.position, put_at = put.at
            FROM unnest(
              :repositories::text[], :names::text[], :digests::text[], :positions::bigint[],
              :times::timestamptz[]) AS put (repository, name, digest, position, at)
            WHERE t.repository = put.repository AND t.name = put.name AND t.digest = put.digest
            """);
  }
}
