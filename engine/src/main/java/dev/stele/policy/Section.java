package dev.stele.policy;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The keys and values of one place in a written policy; a value that is null counts as left out.
 */
record Section(String path, JsonNode node) {

  /** A place that may have these keys and no others. */
  static Section of(String path, JsonNode node, Set<String> keys) throws InvalidPolicyException {
    String known = keys.stream().sorted().collect(Collectors.joining(", "));
    if (!node.isObject()) {
      throw new InvalidPolicyException(path, "must have the keys " + known);
    }
    Section section = new Section(path, node);
    for (String key : (Iterable<String>) node::fieldNames) {
      if (!keys.contains(key)) {
        throw new InvalidPolicyException(
            section.path(key), "is not known; the keys here are " + known);
      }
    }
    return section;
  }

  private String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private Optional<JsonNode> find(String key) {
    return Optional.ofNullable(node.get(key)).filter(value -> !value.isNull());
  }

  /** The items of a list; empty if it is left out. */
  List<Item> list(String key) throws InvalidPolicyException {
    List<Item> items = new ArrayList<>();
    Optional<JsonNode> list = find(key);
    if (list.isPresent()) {
      if (!list.get().isArray()) {
        throw new InvalidPolicyException(path(key), "must be a list");
      }
      for (JsonNode item : list.get()) {
        items.add(new Item(path(key) + "[" + items.size() + "]", item));
      }
    }
    return items;
  }

  /** The texts of a list, each read; empty if it is left out. */
  <T> List<T> texts(String key, Function<String, T> reader) throws InvalidPolicyException {
    List<T> values = new ArrayList<>();
    for (Item item : list(key)) {
      if (!item.node().isValueNode() || item.node().isNull()) {
        throw new InvalidPolicyException(item.path(), "must be a text");
      }
      values.add(read(item.path(), item.node().asText(), reader));
    }
    if (values.isEmpty() && find(key).isPresent()) {
      throw new InvalidPolicyException(path(key), "must not be empty");
    }
    return values;
  }

  /** True or false; false if it is left out. */
  boolean truth(String key) throws InvalidPolicyException {
    return value(
            key,
            text ->
                switch (text) {
                  case "true" -> true;
                  case "false" -> false;
                  default ->
                      throw new IllegalArgumentException(
                          "must be true or false, not \"" + text + '"');
                })
        .orElse(false);
  }

  /** A whole number from 1 on. */
  Optional<Integer> count(String key, int highest) throws InvalidPolicyException {
    return value(
        key,
        text -> {
          if (!text.matches("[0-9]{1,10}")
              || Long.parseLong(text) < 1
              || Long.parseLong(text) > highest) {
            throw new IllegalArgumentException(
                "must be a whole number from 1 to " + highest + ", not \"" + text + '"');
          }
          return Integer.parseInt(text);
        });
  }

  Optional<Duration> duration(String key, Duration shortest) throws InvalidPolicyException {
    return value(
        key,
        text -> {
          Duration duration = Durations.parse(text);
          if (duration.compareTo(shortest) < 0) {
            throw new IllegalArgumentException(
                "must be " + Durations.format(shortest) + " at least, not " + text);
          }
          return duration;
        });
  }

  private <T> Optional<T> value(String key, Function<String, T> reader)
      throws InvalidPolicyException {
    Optional<JsonNode> value = find(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    String where = path(key);
    if (!value.get().isValueNode()) {
      throw new InvalidPolicyException(where, "must be a single value");
    }
    return Optional.of(read(where, value.get().asText(), reader));
  }

  private static <T> T read(String path, String text, Function<String, T> reader)
      throws InvalidPolicyException {
    try {
      return reader.apply(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidPolicyException(path, e.getMessage());
    }
  }
}
