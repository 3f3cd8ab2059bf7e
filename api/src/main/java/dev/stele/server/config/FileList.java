package dev.stele.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.policy.InvalidPolicyException;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Rules, such as {@code tags.immutable}, which only the file can have. */
final class FileList<T> {
  /** Makes a value of what the file has. */
  @FunctionalInterface
  interface Parser<T> {
    T read(JsonNode list) throws InvalidPolicyException;
  }

  private final ConfigurationValues values;
  private final String path;
  private final Parser<T> parser;
  private final String before;
  private final ToIntFunction<T> size;
  private T value;
  private Optional<String> origin = Optional.empty();

  /**
   * @param parser of the list
   * @param before what its problems do not say of the path
   * @param size how many rules a value has
   * @param absent the value if the file has none
   */
  FileList(
      ConfigurationValues values,
      String path,
      Parser<T> parser,
      String before,
      ToIntFunction<T> size,
      T absent) {
    this.values = values;
    this.path = path;
    this.parser = parser;
    this.before = before;
    this.size = size;
    this.value = absent;
  }

  String path() {
    return path;
  }

  /**
   * Takes the list of the file.
   *
   * @param source the file, as problems name it
   */
  void set(JsonNode list, String source) {
    origin = Optional.of(source + ": " + path);
    try {
      value = parser.read(list);
    } catch (InvalidPolicyException e) {
      e.problems().forEach(problem -> values.problem(source + ": " + before + problem));
    }
  }

  /** The value that holds. */
  T get() {
    values.note(
        new Setting(path, String.valueOf(size.applyAsInt(value)), origin.orElse(Setting.DEFAULT)));
    return value;
  }
}
