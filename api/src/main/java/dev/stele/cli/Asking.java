package dev.stele.cli;

import dev.stele.server.http.QueryString;
import java.util.HashMap;
import java.util.Map;

/**
 * What a command asks.
 *
 * @param question its name
 * @param path what stands in its address for {@code {name}} and the like
 * @param query its parameters
 * @param body what is sent along; may be empty
 * @param most how many rows are wanted
 */
record Asking(
    String question, Map<String, String> path, QueryString query, String body, long most) {
  static Asking of(String question) {
    return new Asking(question, Map.of(), QueryString.parse(""), "", Long.MAX_VALUE);
  }

  /** The same, with this in the address. */
  Asking at(String name, Object value) {
    Map<String, String> more = new HashMap<>(path);
    more.put(name, value.toString());
    return new Asking(question, more, query, body, most);
  }

  /** The same, with one more parameter; null leaves it out. */
  Asking with(String name, Object value) {
    return value == null
        ? this
        : new Asking(question, path, query.and(name, value.toString()), body, most);
  }

  Asking body(String text) {
    return new Asking(question, path, query, text, most);
  }

  Asking most(long rows) {
    return new Asking(question, path, query, body, rows);
  }
}
