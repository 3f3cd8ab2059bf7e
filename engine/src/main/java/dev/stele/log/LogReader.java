package dev.stele.log;

import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * Reads the log within a transaction or connection that the caller brings. Stateless and
 * thread-safe.
 */
public final class LogReader {
  private static final int REPLAY_PAGE = 1000;

  private final EventCodec codec;

  public LogReader(EventCodec codec) {
    this.codec = codec;
  }

  /** An event's position and leaf. */
  public record Leaf(long position, byte[] bytes) {}

  /** The position that the next event will get, which is the number of events. */
  public static long nextPosition(Handle handle) {
    return handle
        .createQuery("SELECT next_position FROM log_head WHERE only_row")
        .mapTo(Long.class)
        .one();
  }

  /**
   * At most {@code limit} leaves after a position (-1 for the start), in order; of one repository
   * or type where given.
   */
  public List<Leaf> leaves(
      Handle handle, long after, int limit, Optional<String> repository, Optional<String> type) {
    return handle
        .createQuery(
            """
            SELECT position, leaf
            FROM event
            WHERE position > :after
              AND (:repository::text IS NULL OR repository = :repository)
              AND (:type::text IS NULL OR type = :type)
            ORDER BY position
            LIMIT :limit
            """)
        .bind("after", after)
        .bind("limit", limit)
        .bind("repository", repository)
        .bind("type", type)
        .map((row, _) -> new Leaf(row.getLong("position"), row.getBytes("leaf")))
        .list();
  }

  /** Hands over every event from a position on, in pages, in order; returns how many there were. */
  public long replay(Handle handle, long from, Consumer<List<RecordedEvent>> pages) {
    long count = 0;
    long after = from - 1;
    while (true) {
      List<Leaf> page = leaves(handle, after, REPLAY_PAGE, Optional.empty(), Optional.empty());
      if (page.isEmpty()) {
        return count;
      }
      pages.accept(page.stream().map(leaf -> codec.decode(leaf.bytes())).toList());
      count += page.size();
      after = page.getLast().position();
    }
  }
}
