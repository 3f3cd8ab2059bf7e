package dev.stele.server.http;

import java.util.ArrayList;
import java.util.List;

/**
 * The parts of a header's value between separators that are not within quotes, without surrounding
 * space.
 *
 * @param closed whether each quote has its end; if not, the last part is the rest of the text
 */
record QuotedList(List<String> parts, boolean closed) {
  static QuotedList split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted && c == '\\') {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == separator && !quoted) {
        parts.add(text.substring(start, i).strip());
        start = i + 1;
      }
    }
    parts.add(text.substring(start).strip());
    return new QuotedList(parts, !quoted);
  }
}
