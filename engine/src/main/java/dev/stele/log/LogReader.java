package dev.stele.log;

import dev.stele.event.Cause;
import dev.stele.event.CorruptLeafException;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.event.Why;
import dev.stele.oci.RepositoryName;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** Reads the log within a transaction or connection that the caller brings. Thread-safe. */
public final class LogReader {
  /** What asynchronous projections take at once divides it. */
  private static final int REPLAY_PAGE = 1024;

  private final EventCodec codec;

  public LogReader(EventCodec codec) {
    this.codec = codec;
  }

  /** An event's position and leaf. */
  public record Leaf(long position, byte[] bytes) {}

  /** The position that the next event will get, which is the number of events. */
  public static long nextPosition(Handle handle) {
    return handle.createQuery("SELECT next_position FROM log_head").mapTo(Long.class).one();
  }

  /** What a moment means in the log, if that can be told. */
  public sealed interface Placed {
    /** The last event that had happened by then, for ever. */
    record Known(AsOf asOf) implements Placed {}

    /** It has not passed yet: there is no such event, or the time is not before the database's. */
    record NotYet() implements Placed {}

    /** Somebody is appending events that may get an earlier time: ask again in a moment. */
    record Unsettled() implements Placed {}
  }

  /**
   * The last event that had happened by a moment. INVARIANT: what is told of an instant stays true.
   * An event gets its time before others can see it; but whoever appends does so one after the
   * other, and with times that never go back. So an instant is settled once an event of a later
   * time is there, or if nobody is appending after it has passed.
   *
   * @param handle not in a transaction: each statement must see what is there when it begins
   */
  public static Placed asOf(Handle handle, Moment moment) {
    return switch (moment) {
      case Moment.AtPosition(long position) ->
          position < nextPosition(handle)
              ? new Placed.Known(new AsOf(moment, position))
              : new Placed.NotYet();
      case Moment.AtInstant(Instant instant) ->
          settled(handle, instant)
              .map(
                  settled ->
                      settled
                          ? new Placed.Known(new AsOf(moment, lastAt(handle, instant)))
                          : new Placed.Unsettled())
              .orElseGet(Placed.NotYet::new);
    };
  }

  /** Empty if the instant has not passed. */
  private static Optional<Boolean> settled(Handle handle, Instant instant) {
    return handle
        .createQuery(
            """
            SELECT CASE WHEN now <= :instant THEN NULL WHEN recorded_at > :instant THEN true ELSE log_is_still() END
            FROM (SELECT clock_timestamp() AS now, recorded_at FROM log_head OFFSET 0) AS head
            """)
        .bind("instant", instant.atOffset(ZoneOffset.UTC))
        .map((row, _) -> Optional.ofNullable(row.getObject(1, Boolean.class)))
        .one();
  }

  /**
   * Times are monotone along positions, which are dense, so this halves the log until one event is
   * left: some thirty look-ups, and no index that every append would have to keep. Where an
   * operator confirmed the clock they may go back: what was recorded before then is not later than
   * that.
   */
  private static long lastAt(Handle handle, Instant instant) {
    return handle
        .createQuery(
            """
            WITH RECURSIVE stretch (low) AS (
              SELECT coalesce(max(position), 0) FROM clock_confirmation WHERE confirmed_at <= :instant
            ), search (low, high) AS (
              -- INVARIANT: what is below low is not later than the instant; what is from high on is.
              SELECT low, coalesce((SELECT min(position) FROM clock_confirmation WHERE position > low), next_position)
              FROM stretch CROSS JOIN log_head
              UNION ALL
              SELECT CASE WHEN middle.recorded_at <= :instant THEN middle.position + 1 ELSE low END,
                     CASE WHEN middle.recorded_at <= :instant THEN high ELSE middle.position END
              FROM search
              CROSS JOIN LATERAL (
                SELECT position, recorded_at FROM event WHERE position = (low + high) / 2 LIMIT 1) AS middle
              WHERE low < high)
            SELECT low - 1 FROM search WHERE low = high
            """)
        .bind("instant", instant.atOffset(ZoneOffset.UTC))
        .mapTo(Long.class)
        .one();
  }

  /**
   * At most {@code limit} leaves after a position (-1 for the start), in order; of one repository
   * or type where given.
   */
  public List<Leaf> leaves(
      Handle handle, long after, int limit, Optional<String> repository, Optional<String> type) {
    String sql =
        repository.isPresent()
            ? within("repository", type.isPresent() ? "AND type = :type" : "")
            : type.isPresent()
                ? within("type", "")
                : "SELECT position, leaf FROM event WHERE position > :after ORDER BY position LIMIT"
                    + " :limit";
    Query query = handle.createQuery(sql).bind("after", after).bind("limit", limit);
    repository.ifPresent(name -> query.bind("repository", name));
    type.ifPresent(name -> query.bind("type", name));
    return query.map((row, _) -> new Leaf(row.getLong("position"), row.getBytes("leaf"))).list();
  }

  /**
   * Reads in the order of the index on a column and the position, whatever PostgreSQL believes: for
   * an equality it may choose to read the log by position instead, which is all of it when what is
   * asked for is rare or long ago.
   */
  private static String within(String column, String condition) {
    return """
    SELECT position, leaf
    FROM event
    WHERE (%1$s, position) > (:%1$s, :after)
      AND (%1$s, position) <= (:%1$s, 9223372036854775807)
      AND position > :after
      %2$s
    ORDER BY %1$s, position
    LIMIT :limit
    """
        .formatted(column, condition);
  }

  /** At most {@code limit} leaves from one position to another, or the newest of them first. */
  public List<Leaf> leaves(Handle handle, long low, long high, boolean newestFirst, int limit) {
    return handle
        .createQuery(
            """
            SELECT position, leaf FROM event
            WHERE position >= :low AND position <= :high
            ORDER BY position %s
            LIMIT :limit
            """
                .formatted(newestFirst ? "DESC" : ""))
        .bind("low", low)
        .bind("high", high)
        .bind("limit", limit)
        .map((row, _) -> new Leaf(row.getLong("position"), row.getBytes("leaf")))
        .list();
  }

  /** The leaves at some positions, in the order of these; what is not there is left out. */
  public List<Leaf> leaves(Handle handle, List<Long> positions) {
    return handle
        .createQuery(
            """
            SELECT wanted.position, found.leaf
            FROM unnest(:positions::bigint[]) WITH ORDINALITY AS wanted (position, number)
            CROSS JOIN LATERAL (SELECT leaf FROM event e WHERE e.position = wanted.position LIMIT 1) AS found
            ORDER BY wanted.number
            """)
        .bindArray("positions", Long.class, positions)
        .map((row, _) -> new Leaf(row.getLong("position"), row.getBytes("leaf")))
        .list();
  }

  /**
   * What a leaf says.
   *
   * @throws CorruptLeafException naming the position, if the bytes are no leaf
   */
  public RecordedEvent decode(Leaf leaf) {
    try {
      return codec.decode(leaf.bytes());
    } catch (CorruptLeafException e) {
      throw new CorruptLeafException(
          "the event at position %d: %s".formatted(leaf.position(), e.getMessage()), e);
    }
  }

  /** At most {@code limit} events from a position on, in order. */
  public List<RecordedEvent> events(Handle handle, long from, int limit) {
    return leaves(handle, from - 1, limit, Optional.empty(), Optional.empty()).stream()
        .map(this::decode)
        .toList();
  }

  /** Whether the log has an event that was read from it before, and so all before that one. */
  public static boolean has(Handle handle, RecordedEvent event) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (
              SELECT FROM event WHERE position = :position AND command_id = :command AND recorded_at = :at)
            """)
        .bind("position", event.position())
        .bind("command", event.commandId())
        .bind("at", event.recordedAt())
        .mapTo(Boolean.class)
        .one();
  }

  /** At most {@code limit} events of a type from a position on, in order. */
  public List<RecordedEvent> events(Handle handle, long from, String type, int limit) {
    return leaves(handle, from - 1, limit, Optional.empty(), Optional.of(type)).stream()
        .map(this::decode)
        .toList();
  }

  /**
   * At most {@code limit} events of a repository from a position on, in order; of one type where
   * given.
   */
  public List<RecordedEvent> events(
      Handle handle, long from, int limit, RepositoryName repository, Optional<String> type) {
    return leaves(handle, from - 1, limit, Optional.of(repository.value()), type).stream()
        .map(this::decode)
        .toList();
  }

  /** Hands over every event from a position on, in pages, in order; returns how many there were. */
  public long replay(Handle handle, long from, Consumer<List<RecordedEvent>> pages) {
    long next = from;
    while (true) {
      List<RecordedEvent> page = events(handle, next, REPLAY_PAGE);
      if (page.isEmpty()) {
        return next - from;
      }
      pages.accept(page);
      next = page.getLast().position() + 1;
    }
  }

  /** Why the events at these positions happened. */
  public static Map<Long, Why> causes(Handle handle, Collection<Long> positions) {
    if (positions.isEmpty()) {
      return Map.of();
    }
    return handle
        .createQuery(
            """
            SELECT position, type, cause ->> 'kind' AS kind, cause ->> 'detail' AS detail, cause ->> 'reason' AS reason
            FROM unnest(:positions::bigint[]) AS wanted (position)
            CROSS JOIN LATERAL (
              SELECT convert_from(leaf, 'UTF8')::json -> 'cause' AS cause, e.type
              FROM event e WHERE e.position = wanted.position
              LIMIT 1) AS found
            """)
        .bindArray("positions", Long.class, positions)
        .map(
            (row, _) ->
                Map.entry(
                    row.getLong("position"),
                    new Why(
                        row.getString("type"),
                        new Cause(
                            Cause.Kind.valueOf(row.getString("kind")),
                            Optional.ofNullable(row.getString("detail")),
                            Optional.ofNullable(row.getString("reason"))))))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
