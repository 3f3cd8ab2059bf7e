package dev.stele.cli;

import dev.stele.server.http.QueryString;
import java.nio.charset.StandardCharsets;

/**
 * What a command asks.
 *
 * @param template of the address; see {@link dev.stele.question.Address}
 * @param query its parameters
 * @param list whether the answer is a list, which comes in pages
 * @param body what is sent along, by POST; null for a GET
 * @param most how many rows are wanted
 */
record Asking(String template, QueryString query, boolean list, String body, long most) {
  private static final long PAGE = 1000;

  /** For a list. */
  static Asking list(String template) {
    return new Asking(template, QueryString.parse(""), true, null, Long.MAX_VALUE);
  }

  /** For one thing, or a list that has no pages. */
  static Asking one(String template) {
    return new Asking(template, QueryString.parse(""), false, null, Long.MAX_VALUE);
  }

  /** The same, with this in the address. */
  Asking at(String name, Object value) {
    return new Asking(
        template.replace("{" + name + "}", value.toString()), query, list, body, most);
  }

  /** The same, with one more parameter; null leaves it out. */
  Asking with(String name, Object value) {
    return value == null
        ? this
        : new Asking(template, query.and(name, value.toString()), list, body, most);
  }

  /** The same, with something sent along. */
  Asking body(String text) {
    return new Asking(template, query, list, text, most);
  }

  Asking most(long rows) {
    return new Asking(template, query, list, body, rows);
  }

  String method() {
    return body == null ? "GET" : "POST";
  }

  byte[] bytes() {
    return body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
  }

  /** Where bytes are that have one form only. */
  String address() {
    return template;
  }

  /** Where the first page is; one row more than is wanted tells that there are more. */
  String address(String format) {
    QueryString asked = query.and("format", format);
    return template
        + "?"
        + (list ? asked.and("limit", Long.toString(Math.min(PAGE - 1, most) + 1)) : asked);
  }
}
