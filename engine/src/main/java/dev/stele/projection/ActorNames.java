package dev.stele.projection;

import dev.stele.event.Opening;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/** Reads the names of those who acted from rows that are joined with table {@code actor}. */
public final class ActorNames {
  private ActorNames() {}

  /**
   * The name of an actor, if anybody is known by the id; see {@link Opening#name}.
   *
   * @param id the column that has the id
   * @param opening the column that has the opening; null if they were forgotten
   */
  public static Optional<String> read(ResultSet row, String id, String opening)
      throws SQLException {
    String kept = row.getString(opening);
    return kept == null
        ? Optional.empty()
        : Optional.of(Opening.name(row.getObject(id, UUID.class), kept));
  }
}
