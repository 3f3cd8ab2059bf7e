package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.evidence.CsvCell;
import dev.stele.oci.Digest;
import dev.stele.question.CsvRows;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;

/** How a value looks in a cell. */
final class CellText {
  private static final int SHORT_DIGEST = 12;
  private static final int NON_JOINER = 0x200C;
  private static final int JOINER = 0x200D;

  private CellText() {}

  /**
   * For people. Control characters are shown by their numbers, so that no name in the record can
   * give orders to a terminal, and so are characters that cannot be seen, so that two names that
   * differ look different. The two that join letters or keep them apart stay: words and emoji need
   * them.
   *
   * @param shortDigests whether a digest is cut to its first digits
   */
  static String readable(Object value, boolean shortDigests) {
    return switch (value) {
      case Boolean truth -> truth ? "yes" : "no";
      case Digest digest when shortDigests -> {
        String text = digest.toString();
        int end = text.indexOf(':') + 1 + SHORT_DIGEST;
        yield text.substring(0, Math.min(end, text.length()));
      }
      case Collection<?> several ->
          several.stream()
              .map(each -> readable(each, shortDigests))
              .collect(Collectors.joining(" "));
      case Map<?, ?> fields ->
          fields.entrySet().stream()
              .map(field -> field.getKey() + "=" + readable(field.getValue(), shortDigests))
              .collect(Collectors.joining(" "));
      default ->
          withoutControls(
              value instanceof JsonNode json && json.isContainerNode()
                  ? json.toString()
                  : CsvRows.plain(value));
    };
  }

  static String withoutControls(String text) {
    if (text.codePoints().noneMatch(CellText::disturbs)) {
      return text;
    }
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (disturbs(c)) {
                Character.toString(c).chars().mapToObj(CsvCell::escaped).forEach(shown::append);
              } else {
                shown.appendCodePoint(c);
              }
            });
    return shown.toString();
  }

  /**
   * Whether a terminal would do something else than show it: move, turn what follows around, or
   * nothing. All that turn around are format characters.
   */
  private static boolean disturbs(int c) {
    return Character.isISOControl(c)
        || switch (Character.getType(c)) {
          case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
          case Character.FORMAT -> c != NON_JOINER && c != JOINER;
          default -> false;
        };
  }
}
