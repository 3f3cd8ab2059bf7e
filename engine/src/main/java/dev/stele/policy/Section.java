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
 * The keys and values of one place in a written policy; a value that is null counts as left out,
 * and so does one that is wrong, which is noted.
 *
 * @param problems takes what is wrong, so that all of it can be told at once
 */
record Section(String path, JsonNode node, Problems problems) {

  /** A place that may have these keys and no others. */
  static Section of(String path, JsonNode node, Set<String> keys, Problems problems) {
    String known = keys.stream().sorted().collect(Collectors.joining(", "));
    if (!node.isObject()) {
      problems.add(InvalidPolicyException.problem(path, "must have the keys " + known));
    }
    Section section = new Section(path, node, problems);
    for (String key : (Iterable<String>) node::fieldNames) {
      if (!keys.contains(key)) {
        section.wrong(key, "is not known; the keys here are " + known);
      }
    }
    return section;
  }

  private void wrong(String key, String problem) {
    problems.add(InvalidPolicyException.problem(path(key), problem));
  }

  private String path(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private Optional<JsonNode> find(String key) {
    return Optional.ofNullable(node.get(key)).filter(value -> !value.isNull());
  }

  /** Whether there is anything of this key, right or wrong. */
  boolean has(String key) {
    return find(key).isPresent();
  }

  /** The items of a list; empty if it is left out. */
  List<Item> list(String key) {
    List<Item> items = new ArrayList<>();
    Optional<JsonNode> list = find(key);
    if (list.isPresent()) {
      if (!list.get().isArray()) {
        wrong(key, "must be a list");
        return items;
      }
      for (JsonNode item : list.get()) {
        items.add(new Item(path(key) + "[" + items.size() + "]", item));
      }
    }
    return items;
  }

  /** The texts of a list, each read; empty if it is left out. */
  <T> List<T> texts(String key, Function<String, T> reader) {
    List<T> values = new ArrayList<>();
    for (Item item : list(key)) {
      if (!item.node().isValueNode() || item.node().isNull()) {
        problems.add(InvalidPolicyException.problem(item.path(), "must be a text"));
      } else {
        read(item.path(), item.node().asText(), reader).ifPresent(values::add);
      }
    }
    if (find(key).filter(list -> list.isArray() && list.isEmpty()).isPresent()) {
      wrong(key, "must not be empty");
    }
    return values;
  }

  /** True or false; false if it is left out. */
  boolean truth(String key) {
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

  /** A text. */
  Optional<String> text(String key, Function<String, String> reader) {
    return value(key, reader);
  }

  /** A whole number from 1 on. */
  Optional<Integer> count(String key, int highest) {
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

  Optional<Duration> duration(String key, Duration shortest) {
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

  /** A single value, read. */
  <T> Optional<T> value(String key, Function<String, T> reader) {
    Optional<JsonNode> value = find(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    String where = path(key);
    if (!value.get().isValueNode()) {
      wrong(key, "must be a single value");
      return Optional.empty();
    }
    return read(where, value.get().asText(), reader);
  }

  private <T> Optional<T> read(String place, String text, Function<String, T> reader) {
    try {
      return Optional.of(reader.apply(text));
    } catch (IllegalArgumentException e) {
      problems.add(InvalidPolicyException.problem(place, e.getMessage()));
      return Optional.empty();
    }
  }
}
