package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;

/** An object a line, so that the first can be used before the last is known. */
record JsonRows<T>(PrintWriter out, Columns<T> columns) implements Rows<T> {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  /** A value as JSON. */
  static JsonNode tree(Object value) {
    return JSON.valueToTree(value);
  }

  @Override
  public void add(T row) {
    ObjectNode line = JSON.createObjectNode();
    List<Optional<Object>> values = columns.values(row);
    for (int column = 0; column < columns.size(); column++) {
      String name = columns.name(column);
      values.get(column).ifPresent(value -> line.set(name, tree(value)));
    }
    out.println(line);
  }

  @Override
  public void close() {
    out.flush();
  }
}
