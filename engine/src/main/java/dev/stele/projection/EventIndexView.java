package dev.stele.projection;

import dev.stele.event.Facet;
import dev.stele.event.Facets;
import dev.stele.event.RecordedEvent;
import java.sql.Types;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * In which events each {@link Facet} occurs: a row for each block of the log in which it does. It
 * takes whole words of 64 positions, so that a row only ever grows at its end and a common facet's
 * row is not written anew with every event. {@link EventIndex} reads it.
 */
public final class EventIndexView implements Projection {
  /** Its name among the followers of the log. */
  public static final String NAME = "event-index";

  private record Key(UUID facet, int block) {}

  private record Place(Facet facet, int block) {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<String> tables() {
    return List.of("event_index", "event_index_repository");
  }

  @Override
  public int unit() {
    return PositionSet.WORD;
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    if (events.isEmpty()) {
      return;
    }
    if (events.getFirst().position() % unit() != 0 || events.size() % unit() != 0) {
      throw new IllegalArgumentException(
          "the event index takes whole units of %d events, not %d from position %d on"
              .formatted(unit(), events.size(), events.getFirst().position()));
    }
    Map<Place, PositionSet.Writer> places = new HashMap<>();
    Set<String> repositories = new TreeSet<>();
    for (RecordedEvent recorded : events) {
      int block = PositionSet.block(recorded.position());
      for (Facet facet : Facets.of(recorded)) {
        places
            .computeIfAbsent(new Place(facet, block), _ -> new PositionSet.Writer())
            .add(recorded.position());
        if (facet.kind() == Facet.Kind.REPOSITORY) {
          repositories.add(facet.value());
        }
      }
    }
    write(transaction, places);
    write(transaction, repositories);
  }

  private static void write(Handle transaction, Map<Place, PositionSet.Writer> places) {
    // In the order of the table's index, so that neighbours are written together.
    Map<Key, byte[]> rows =
        new TreeMap<>(Comparator.comparing(Key::facet).thenComparingInt(Key::block));
    places.forEach(
        (place, writer) -> rows.put(new Key(place.facet().key(), place.block()), writer.row()));
    transaction
        .createUpdate(
            """
            INSERT INTO event_index AS old (facet, block, words)
            SELECT facet, block, words
            FROM unnest(:facets::uuid[], :blocks::integer[], :words::bytea[]) AS new (facet, block, words)
            ON CONFLICT (facet, block) DO UPDATE SET words = old.words || excluded.words
            """)
        .bindArray("facets", UUID.class, rows.keySet().stream().map(Key::facet).toArray())
        .bindArray("blocks", Integer.class, rows.keySet().stream().map(Key::block).toArray())
        .bindBySqlType("words", rows.values().toArray(byte[][]::new), Types.ARRAY)
        .execute();
  }

  private static void write(Handle transaction, Set<String> repositories) {
    transaction
        .createUpdate(
            """
            INSERT INTO event_index_repository (name) SELECT unnest(:names::text[]) ON CONFLICT DO NOTHING
            """)
        .bindArray("names", String.class, repositories.toArray())
        .execute();
  }
}
