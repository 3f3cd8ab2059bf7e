package dev.stele.history;

import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/**
 * Since which event something was so.
 *
 * @param position of that event
 * @param at when it was recorded
 */
public record Since(long position, Instant at) {
  /** Reads {@code <which>_position} and {@code <which>_at}. */
  static Since of(ResultSet row, String which) throws SQLException {
    return new Since(row.getLong(which + "_position"), Values.time(row, which + "_at"));
  }

  /** The same; empty if there is none. */
  static Optional<Since> ifAny(ResultSet row, String which) throws SQLException {
    return row.getObject(which + "_position") == null
        ? Optional.empty()
        : Optional.of(of(row, which));
  }
}
