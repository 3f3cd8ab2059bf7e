package dev.stele.cli;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * The columns of rows of a kind: how each is called and what it shows. A column is named as its key
 * in JSON is, in camelCase; a table's heading and a CSV file's first line follow from that. A value
 * may be a text, number, truth value, time, list, record, JSON tree or domain type; an empty {@link
 * Optional} or null is an absent one. Immutable and thread-safe.
 *
 * @param <T> what a row is made from
 */
final class Columns<T> {
  /**
   * A column.
   *
   * @param told what people see of it
   */
  private record Column<T>(
      String name, Function<? super T, ?> value, Function<? super T, ?> told) {}

  private final List<Column<T>> columns;

  private Columns(List<Column<T>> columns) {
    this.columns = List.copyOf(columns);
  }

  /** Begins with no column; {@link #with} adds them, from the left to the right. */
  static <T> Columns<T> of(@SuppressWarnings("unused") Class<T> row) {
    return new Columns<>(List.of());
  }

  /** These columns and one more at the right. */
  Columns<T> with(String name, Function<? super T, ?> value) {
    return with(name, value, value);
  }

  /**
   * These columns and one more at the right, of which people see something else than programs.
   *
   * @param told what people see; a map of names and values is one more kind of value here
   */
  Columns<T> with(String name, Function<? super T, ?> value, Function<? super T, ?> told) {
    List<Column<T>> more = new ArrayList<>(columns);
    more.add(new Column<>(name, value, told));
    return new Columns<>(more);
  }

  int size() {
    return columns.size();
  }

  String name(int column) {
    return columns.get(column).name();
  }

  /** The column's name for people, such as {@code RECORDED AT}. */
  String heading(int column) {
    return PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE
        .translate(name(column))
        .replace('_', ' ')
        .toUpperCase(Locale.ROOT);
  }

  /** The values of a row, from the left to the right; an absent one is empty. */
  List<Optional<Object>> values(T row) {
    return columns.stream().map(column -> present(column.value().apply(row))).toList();
  }

  /** The same for people. */
  List<Optional<Object>> told(T row) {
    return columns.stream().map(column -> present(column.told().apply(row))).toList();
  }

  private static Optional<Object> present(Object value) {
    return switch (value) {
      case null -> Optional.empty();
      case Optional<?> optional -> optional.map(Columns::normal);
      case OptionalLong number ->
          number.isPresent() ? Optional.of(number.getAsLong()) : Optional.empty();
      default -> Optional.of(normal(value));
    };
  }

  /** Times as RFC 3339 has them, constants as HTTP answers have them. */
  private static Object normal(Object value) {
    return switch (value) {
      case Instant time -> time.toString();
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      default -> value;
    };
  }
}
