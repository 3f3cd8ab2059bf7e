package dev.stele.verify;

import dev.stele.event.CorruptLeafException;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.ProgressListener;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * Holds the log against itself: positions dense up to the head, times monotone, every leaf readable
 * and saying what the columns beside it say and which event is the one before it of its repository,
 * what is kept of those who acted, every document that an event names there and of the digest it is
 * kept under. Memory is bounded; time is in proportion to the log.
 */
final class LogCheck {
  private static final int PAGE = 1000;

  /** No leaf is empty. */
  private static final byte[] NOTHING = {};

  /** After which times go on from what the clock reads, be that earlier. */
  private static final String CLOCK_CONFIRMED = Event.ClockConfirmed.class.getSimpleName();

  private record Row(
      long position,
      Instant recordedAt,
      String type,
      String repository,
      UUID actor,
      UUID command,
      byte[] leaf) {}

  /** A row, and the event that its leaf is, if it can be read. */
  private record Checked(Row row, Optional<RecordedEvent> event) {}

  private final EventCodec codec;
  private final Consumer<Finding> findings;
  private final OpeningCheck openings;
  private Optional<Long> lastWithoutPlace = Optional.empty();

  LogCheck(EventCodec codec, Consumer<Finding> findings) {
    this.codec = codec;
    this.findings = findings;
    this.openings = new OpeningCheck(codec, findings);
  }

  /** Checks all events that there are now or that a follower has seen; returns how many. */
  long events(Handle handle, ProgressListener progress) {
    long head = Math.max(LogReader.nextPosition(handle), followed(handle));
    long expected = 0;
    Instant previous = Instant.MIN;
    TileCheck tiles = new TileCheck(handle, findings);
    while (expected < head) {
      List<Row> page = page(handle, expected, head);
      List<Checked> checked = new ArrayList<>();
      for (Row row : page) {
        for (; expected < row.position(); expected++) {
          findings.accept(new Finding.PositionMissing(expected));
          tiles.leaf(NOTHING);
        }
        tiles.leaf(row.leaf());
        checked.add(new Checked(row, check(row, previous)));
        previous = row.recordedAt();
        expected = row.position() + 1;
      }
      chains(handle, checked);
      named(handle, checked);
      tiles.compare(handle);
      openings.check(handle, checked.stream().flatMap(each -> each.event().stream()).toList());
      if (page.isEmpty()) {
        for (; expected < head; expected++) {
          findings.accept(new Finding.PositionMissing(expected));
          tiles.leaf(NOTHING);
        }
        tiles.compare(handle);
      }
      progress.at("events", expected, head);
    }
    return head;
  }

  /** The log itself does not show that its end was cut off, but who followed it was there. */
  private static long followed(Handle handle) {
    return handle
        .createQuery("SELECT coalesce(max(next_position), 0) FROM log_checkpoint")
        .mapTo(Long.class)
        .one();
  }

  private static List<Row> page(Handle handle, long from, long head) {
    return handle
        .createQuery(
            """
            SELECT position, recorded_at, type, repository, actor_id, command_id, leaf
            FROM event
            WHERE position >= :from AND position < :head
            ORDER BY position
            LIMIT :limit
            """)
        .bind("from", from)
        .bind("head", head)
        .bind("limit", PAGE)
        .map(
            (row, _) ->
                new Row(
                    row.getLong("position"),
                    Values.time(row, "recorded_at"),
                    row.getString("type"),
                    row.getString("repository"),
                    row.getObject("actor_id", UUID.class),
                    row.getObject("command_id", UUID.class),
                    row.getBytes("leaf")))
        .list();
  }

  /** The events of a repository are chained, so that none in the middle can be left out. */
  private void chains(Handle handle, List<Checked> page) {
    Map<String, Checked> first = new LinkedHashMap<>();
    Map<String, Long> last = new HashMap<>();
    for (Checked checked : page) {
      String place = Objects.requireNonNullElse(checked.row().repository(), "");
      if (first.putIfAbsent(place, checked) != null) {
        chained(checked, Optional.of(last.get(place)));
      }
      last.put(place, checked.row().position());
    }
    Map<String, Long> before = before(handle, first);
    first.forEach((place, checked) -> chained(checked, Optional.ofNullable(before.get(place))));
    if (last.containsKey("")) {
      lastWithoutPlace = Optional.of(last.get(""));
    }
  }

  /** The positions of the last events before these of their repositories. */
  private Map<String, Long> before(Handle handle, Map<String, Checked> events) {
    Map<String, Long> before = new HashMap<>();
    lastWithoutPlace.ifPresent(position -> before.put("", position));
    new Unnested<>(events.entrySet().stream().filter(each -> !each.getKey().isEmpty()).toList())
        .text("names", Map.Entry::getKey)
        .number("positions", each -> each.getValue().row().position())
        .query(
            handle,
            // In the order of the index, whatever PostgreSQL believes of how often a name occurs.
            """
            SELECT wanted.name, found.position
            FROM unnest(:names::text[], :positions::bigint[]) AS wanted (name, position)
            CROSS JOIN LATERAL (
              SELECT repository, position FROM event e
              WHERE (e.repository, e.position) < (wanted.name, wanted.position)
                AND (e.repository, e.position) >= (wanted.name, 0)
              ORDER BY e.repository DESC, e.position DESC
              LIMIT 1) AS found
            """,
            row -> Map.entry(row.getString(1), row.getLong(2)))
        .forEach(found -> before.put(found.getKey(), found.getValue()));
    return before;
  }

  private void chained(Checked checked, Optional<Long> before) {
    if (checked.event().isEmpty()) {
      return; // which is a finding already
    }
    OptionalLong says = checked.event().get().previous();
    if (says.isPresent() ? !before.equals(Optional.of(says.getAsLong())) : before.isPresent()) {
      broken(
          checked.row(),
          "its leaf says that the event before it of %s is %s, but that is %s"
              .formatted(
                  checked.row().repository() == null
                      ? "no repository"
                      : "repository " + checked.row().repository(),
                  says.isPresent() ? Long.toString(says.getAsLong()) : "none",
                  before.map(Object::toString).orElse("none")));
    }
  }

  /** What events name by its digest is kept for good, though the registry may have it no more. */
  private void named(Handle handle, List<Checked> page) {
    Map<Digest, Long> named = new LinkedHashMap<>();
    for (Checked checked : page) {
      checked.event().stream()
          .flatMap(recorded -> recorded.event().documents().stream())
          .forEach(digest -> named.putIfAbsent(digest, checked.row().position()));
    }
    new Unnested<>(named.entrySet())
        .digests("digests", Map.Entry::getKey)
        .number("positions", Map.Entry::getValue)
        .query(
            handle,
            """
            SELECT position, digest FROM unnest(:positions::bigint[], :digests::bytea[]) AS named (position, digest)
            WHERE NOT EXISTS (SELECT FROM manifest_document kept WHERE kept.digest = named.digest)
              AND NOT EXISTS (SELECT FROM record_document kept WHERE kept.digest = named.digest)
            ORDER BY position
            """,
            row -> new Finding.DocumentMissing(row.getLong(1), Digest.ofBytes(row.getBytes(2))))
        .forEach(findings);
  }

  private Optional<RecordedEvent> check(Row row, Instant previous) {
    if (row.recordedAt().isBefore(previous) && !row.type().equals(CLOCK_CONFIRMED)) {
      broken(
          row,
          "its time " + row.recordedAt() + " is before that of the event before it, " + previous);
    }
    RecordedEvent event;
    try {
      event = codec.decode(row.leaf());
    } catch (CorruptLeafException e) {
      broken(row, e.getMessage());
      return Optional.empty();
    }
    compare(row, "position", event.position(), row.position());
    compare(row, "recorded_at", event.recordedAt(), row.recordedAt());
    compare(row, "type", event.event().type(), row.type());
    compare(
        row,
        "repository",
        event.event().place().map(RepositoryName::value).orElse(null),
        row.repository());
    compare(row, "actor_id", event.actor().value(), row.actor());
    compare(row, "command_id", event.commandId(), row.command());
    return Optional.of(event);
  }

  private void compare(Row row, String column, Object leaf, Object derived) {
    if (!Objects.equals(leaf, derived)) {
      broken(row, "its leaf says %s, its column %s says %s".formatted(leaf, column, derived));
    }
  }

  private void broken(Row row, String reason) {
    findings.accept(new Finding.EventBroken(row.position(), reason));
  }

  private record Document(byte[] digest, byte[] bytes) {}

  /** Re-hashes every document of a manifest or of the record; returns how many there are. */
  long documents(Handle handle, ProgressListener progress) {
    return documents(
        handle, "record_document", documents(handle, "manifest_document", 0, progress), progress);
  }

  private long documents(Handle handle, String table, long before, ProgressListener progress) {
    long count = before;
    byte[] after = {};
    while (true) {
      List<Document> page =
          handle
              .createQuery(
                  """
                  SELECT digest, bytes FROM %s
                  WHERE digest > :after
                  ORDER BY digest
                  LIMIT 50
                  """
                      .formatted(table))
              .bind("after", after)
              .map((row, _) -> new Document(row.getBytes("digest"), row.getBytes("bytes")))
              .list();
      if (page.isEmpty()) {
        return count;
      }
      for (Document document : page) {
        broken(document)
            .ifPresent(name -> findings.accept(new Finding.DocumentBroken(table, name)));
      }
      count += page.size();
      progress.at("documents", count, 0);
      after = page.getLast().digest();
    }
  }

  /** How a document is called that is not what its digest says; empty if it is. */
  private static Optional<String> broken(Document document) {
    Digest digest;
    try {
      digest = Digest.ofBytes(document.digest());
    } catch (IllegalArgumentException e) {
      return Optional.of(HexFormat.of().formatHex(document.digest()));
    }
    return Digest.of(digest.algorithm(), document.bytes()).equals(digest)
        ? Optional.empty()
        : Optional.of(digest.toString());
  }
}
