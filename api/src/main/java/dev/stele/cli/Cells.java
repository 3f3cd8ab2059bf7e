package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Columns;
import dev.stele.question.DigestText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A row as a server answers it: an object or, in the forms that are printed, a list of cells.
 *
 * @param names of the columns; empty of an object
 */
record Cells(List<String> names, JsonNode row) {
  /** The names of the columns of a page. */
  static List<String> names(JsonNode page) {
    List<String> names = new ArrayList<>();
    page.path("columns").forEach(name -> names.add(name.asText()));
    return names;
  }

  /** The rows of a page; an answer that is one thing is its own. */
  static Iterable<JsonNode> rows(JsonNode page) {
    JsonNode items = page.path("items");
    return items.isArray() ? items : List.of(page);
  }

  /** The columns of rows that are lists of cells. */
  static Columns<JsonNode> columns(List<String> names) {
    Columns<JsonNode> columns = Columns.of(JsonNode.class);
    for (int i = 0; i < names.size(); i++) {
      int column = i;
      columns = columns.with(names.get(i), row -> value(row.path(column)));
    }
    return columns;
  }

  /** A cell or field by its name; missing or null if it is absent. */
  JsonNode get(String name) {
    return names.isEmpty() ? row.path(name) : row.path(names.indexOf(name));
  }

  private static Object value(JsonNode cell) {
    return switch (cell.getNodeType()) {
      case NULL, MISSING -> null;
      case BOOLEAN -> cell.booleanValue();
      case NUMBER -> cell.numberValue();
      case ARRAY -> {
        List<Object> several = new ArrayList<>();
        cell.forEach(each -> several.add(value(each)));
        yield several;
      }
      case OBJECT -> {
        Map<String, Object> fields = new LinkedHashMap<>();
        cell.properties().forEach(field -> fields.put(field.getKey(), value(field.getValue())));
        yield fields;
      }
      default -> DigestText.orText(cell.asText());
    };
  }
}
