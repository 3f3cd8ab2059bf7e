package dev.stele.projection;

import dev.stele.event.Opening;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

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

  /**
   * The same of columns that have many, each in the same order; without those who were forgotten.
   */
  static List<String> readAll(ResultSet row, String ids, String openings) throws SQLException {
    UUID[] all = (UUID[]) row.getArray(ids).getArray();
    String[] kept = (String[]) row.getArray(openings).getArray();
    return IntStream.range(0, all.length)
        .filter(i -> kept[i] != null)
        .mapToObj(i -> Opening.name(all[i], kept[i]))
        .toList();
  }
}
