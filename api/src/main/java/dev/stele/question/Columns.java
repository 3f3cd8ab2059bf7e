package dev.stele.question;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.server.http.Json;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/**
 * The columns of rows of a kind: how each is called and what it shows. {@link #fields} makes them
 * from a record, a column a field: one within a field is named with a point between, such as {@code
 * since.at}, as it is found in the row's JSON. A value may be a text, number, truth value, time,
 * list, map of texts or domain type; an empty {@link Optional} or null is an absent one. Immutable
 * and thread-safe.
 *
 * @param <T> what a row is made from
 */
public final class Columns<T> {
  /**
   * A column.
   *
   * @param told what people see of it
   */
  private record Column<T>(
      String name, Function<? super T, ?> value, Function<? super T, ?> told) {}

  private final List<Column<T>> columns;
  private final boolean rowIsJson;

  private Columns(List<Column<T>> columns, boolean rowIsJson) {
    this.columns = List.copyOf(columns);
    this.rowIsJson = rowIsJson;
  }

  /** Begins with no column; {@link #with} adds them, from the left to the right. */
  public static <T> Columns<T> of(@SuppressWarnings("unused") Class<T> row) {
    return new Columns<>(List.of(), false);
  }

  /** Begins with no column of rows whose JSON is their own, whatever the columns. */
  static <T extends Record> Columns<T> over(@SuppressWarnings("unused") Class<T> row) {
    return new Columns<>(List.of(), true);
  }

  /**
   * A column for each field of a record and of the records within it.
   *
   * @throws IllegalArgumentException if a field has no place in a cell: a list of records, or JSON
   */
  public static <T extends Record> Columns<T> fields(Class<T> row) {
    return fields(row, Set.of());
  }

  /** The same but for some fields, which are named as their columns would be. */
  public static <T extends Record> Columns<T> fields(Class<T> row, Set<String> without) {
    List<Column<T>> columns = new ArrayList<>();
    for (RecordComponent component : row.getRecordComponents()) {
      add(columns, component.getName(), component, Function.identity(), without, false);
    }
    return new Columns<>(columns, true);
  }

  /** The same as people see them: each {@link Words} within a row is one column. */
  static <T extends Record> Columns<T> table(Class<T> row) {
    List<Column<T>> columns = new ArrayList<>();
    for (RecordComponent component : row.getRecordComponents()) {
      add(columns, component.getName(), component, Function.identity(), Set.of(), true);
    }
    return new Columns<>(columns, true);
  }

  private static <T> void add(
      List<Column<T>> columns,
      String name,
      RecordComponent component,
      Function<? super T, ?> parent,
      Set<String> without,
      boolean words) {
    if (without.contains(name)
        || component.isAnnotationPresent(JsonIgnore.class)
        || component.getAccessor().isAnnotationPresent(JsonIgnore.class)) {
      return;
    }
    Function<? super T, ?> value =
        row -> {
          Object record = parent.apply(row);
          return record == null ? null : bare(get(component, record));
        };
    Type type = component.getGenericType();
    if (type instanceof ParameterizedType optional && optional.getRawType() == Optional.class) {
      type = optional.getActualTypeArguments()[0];
    }
    if (words && type instanceof Class<?> inner && Words.class.isAssignableFrom(inner)) {
      Function<? super T, ?> told =
          row -> value.apply(row) instanceof Words cell ? cell.words() : null;
      columns.add(new Column<>(name, told, told));
      return;
    }
    if (type instanceof Class<?> inner && nested(inner)) {
      for (RecordComponent each : inner.getRecordComponents()) {
        add(columns, name + "." + each.getName(), each, value, without, words);
      }
      return;
    }
    if (type == JsonNode.class
        || (type instanceof ParameterizedType list
            && Arrays.stream(list.getActualTypeArguments())
                .anyMatch(each -> each instanceof Class<?> element && nested(element)))) {
      throw new IllegalArgumentException("the field " + name + " has no place in a cell");
    }
    columns.add(new Column<>(name, value, value));
  }

  private static boolean nested(Class<?> type) {
    return type.isRecord()
        && Arrays.stream(type.getMethods())
            .noneMatch(method -> method.isAnnotationPresent(JsonValue.class));
  }

  private static Object get(RecordComponent component, Object record) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }

  private static Object bare(Object value) {
    return value instanceof Optional<?> optional ? optional.orElse(null) : value;
  }

  /** These columns and one more at the right. */
  public Columns<T> with(String name, Function<? super T, ?> value) {
    return with(name, value, value);
  }

  /**
   * These columns and one more at the right, of which people see something else than programs.
   *
   * @param told what people see; a map of names and values is one more kind of value here
   */
  public Columns<T> with(String name, Function<? super T, ?> value, Function<? super T, ?> told) {
    List<Column<T>> more = new ArrayList<>(columns);
    more.add(new Column<>(name, value, told));
    return new Columns<>(more, rowIsJson);
  }

  public int size() {
    return columns.size();
  }

  /** How they are called, from the left to the right. */
  public List<String> names() {
    return columns.stream().map(Column::name).toList();
  }

  public String name(int column) {
    return columns.get(column).name();
  }

  /** The column's name for people, such as {@code RECORDED AT}. */
  public String heading(int column) {
    return PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE
        .translate(name(column).replaceFirst("\\.at$", "").replace('.', '_'))
        .replace('_', ' ')
        .toUpperCase(Locale.ROOT);
  }

  /** The values of a row, from the left to the right; an absent one is empty. */
  public List<Optional<Object>> values(T row) {
    return columns.stream().map(column -> present(column.value().apply(row))).toList();
  }

  /** The same for people. */
  public List<Optional<Object>> told(T row) {
    return columns.stream().map(column -> present(column.told().apply(row))).toList();
  }

  /** A row as JSON: of a record its own, else an object with a key for each column. */
  public JsonNode json(T row) {
    if (rowIsJson) {
      return Json.tree(row);
    }
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    List<Optional<Object>> values = values(row);
    for (int column = 0; column < columns.size(); column++) {
      String name = name(column);
      values.get(column).ifPresent(value -> object.set(name, Json.tree(value)));
    }
    return object;
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
