package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What people see of an event's JSON in a table. Programs get the JSON. */
final class EventText {
  /** The repository has a column of its own, and where a store keeps the bytes says nothing. */
  private static final Set<String> LEFT_OUT = Set.of("repository", "objectKey");

  private EventText() {}

  /** The kind, and the detail if there is one. */
  static List<Object> cause(JsonNode cause) {
    List<Object> words = new ArrayList<>();
    words.add(cause.path("kind").asText());
    if (cause.has("detail")) {
      words.add(value(cause.get("detail")));
    }
    return words;
  }

  /** The event's own fields by their names. */
  static Map<String, Object> data(JsonNode data) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : data.properties()) {
      if (!LEFT_OUT.contains(field.getKey())) {
        fields.put(field.getKey(), quoted(field.getValue()));
      }
    }
    return fields;
  }

  /** Free text may look like the next field. */
  private static Object quoted(JsonNode value) {
    boolean several = value.isTextual() && value.asText().chars().anyMatch(Character::isWhitespace);
    return several ? value.toString() : value(value);
  }

  private static Object value(JsonNode value) {
    if (value.isBoolean()) {
      return value.asBoolean();
    }
    if (!value.isTextual()) {
      return value;
    }
    try {
      return Digest.parse(value.asText());
    } catch (InvalidNameException e) {
      return value.asText(); // Most texts are no digests.
    }
  }
}
