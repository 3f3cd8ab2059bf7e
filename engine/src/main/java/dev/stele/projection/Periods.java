package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.sql.Unnested;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The periods of some things, of which at most one lasts of each, as events begin and end them: to
 * be written at once, those that began meanwhile as whole rows, and the end of those from before.
 *
 * @param <K> a thing
 * @param <V> what is known of a period
 */
final class Periods<K, V> {
  /** The end of a period, and how it ended. */
  record End(RecordedEvent by, String how) {}

  /** A period that began meanwhile. */
  record Begun<K, V>(K key, RecordedEvent by, V value, Optional<End> end) {
    boolean lasts() {
      return end.isEmpty();
    }
  }

  private final Map<K, End> endedBefore = new LinkedHashMap<>();
  private final Map<K, List<Begun<K, V>>> begun = new LinkedHashMap<>();

  void begin(K key, RecordedEvent by, V value) {
    begun
        .computeIfAbsent(key, _ -> new ArrayList<>(1))
        .add(new Begun<>(key, by, value, Optional.empty()));
  }

  /** Ends the period that lasts, be it one that began meanwhile or before; if there is one. */
  void end(K key, RecordedEvent by, String how) {
    End end = new End(by, how);
    List<Begun<K, V>> periods = begun.get(key);
    if (periods == null) {
      endedBefore.putIfAbsent(key, end);
    } else if (periods.getLast().lasts()) {
      replaceLast(periods, last -> new Begun<>(key, last.by(), last.value(), Optional.of(end)));
    }
  }

  /** Changes what is known of the period that lasts, if it began meanwhile. */
  void update(K key, UnaryOperator<V> change) {
    List<Begun<K, V>> periods = begun.get(key);
    if (periods != null && periods.getLast().lasts()) {
      replaceLast(
          periods,
          last -> new Begun<>(key, last.by(), change.apply(last.value()), Optional.empty()));
    }
  }

  private static <T> void replaceLast(List<T> list, UnaryOperator<T> change) {
    list.set(list.size() - 1, change.apply(list.getLast()));
  }

  /** Whether nothing is known of a thing but what was before. */
  boolean isUntouched(K key) {
    return !begun.containsKey(key) && !endedBefore.containsKey(key);
  }

  private List<Begun<K, V>> begun() {
    return begun.values().stream().flatMap(List::stream).toList();
  }

  /** What began meanwhile and lasts. */
  List<Begun<K, V>> lasting() {
    return begun.values().stream().map(List::getLast).filter(Begun::lasts).toList();
  }

  /** What ended meanwhile and has not begun again. */
  List<K> gone() {
    List<K> gone =
        new ArrayList<>(
            endedBefore.keySet().stream().filter(key -> !begun.containsKey(key)).toList());
    begun.forEach(
        (key, periods) -> {
          if (!periods.getLast().lasts()) {
            gone.add(key);
          }
        });
    return gone;
  }

  /** Rows of those that began, with the columns that say when they began and ended. */
  Unnested<Begun<K, V>> begunRows() {
    return new Unnested<>(begun())
        .number("positions", each -> each.by().position())
        .time("times", each -> each.by().recordedAt())
        .number("untilPositions", each -> each.end().map(end -> end.by().position()).orElse(null))
        .time("untilTimes", each -> each.end().map(end -> end.by().recordedAt()).orElse(null))
        .text("hows", each -> each.end().map(End::how).orElse(null));
  }

  /** Rows of those that ended, with the columns that say when. */
  Unnested<Map.Entry<K, End>> endedRows() {
    return new Unnested<>(endedBefore.entrySet())
        .number("positions", each -> each.getValue().by().position())
        .time("times", each -> each.getValue().by().recordedAt())
        .text("hows", each -> each.getValue().how());
  }
}
