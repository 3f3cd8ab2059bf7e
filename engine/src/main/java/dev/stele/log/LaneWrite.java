package dev.stele.log;

import dev.stele.sql.Pipeline;
import java.util.List;

/**
 * A kind of row that commands write beside the log, in the transaction that appends: what all
 * commands of a batch write is written at once, before the events.
 *
 * @param <T> a row
 */
@FunctionalInterface
public interface LaneWrite<T> {
  /** Writes these, of which there is at least one, and several may be the same. */
  void write(Pipeline transaction, List<T> rows);
}
