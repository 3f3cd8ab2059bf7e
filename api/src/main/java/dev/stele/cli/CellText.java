package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import dev.stele.question.CsvRows;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;

/** How a value looks in a cell. */
final class CellText {
  private static final int SHORT_DIGEST = 12;

  private CellText() {}

  /**
   * For people. Control characters are shown by their numbers, so that no name in the record can
   * give orders to a terminal.
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

  private static String withoutControls(String text) {
    if (text.chars().noneMatch(CellText::disturbs)) {
      return text;
    }
    return text.chars()
        .mapToObj(c -> disturbs(c) ? "\\u%04x".formatted(c) : String.valueOf((char) c))
        .collect(Collectors.joining());
  }

  /** Whether a terminal would do something else than show it: move, or turn what follows around. */
  private static boolean disturbs(int c) {
    return Character.isISOControl(c)
        || switch (Character.getType(c)) {
          case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
          default ->
              switch (Character.getDirectionality((char) c)) {
                case Character.DIRECTIONALITY_LEFT_TO_RIGHT_EMBEDDING,
                    Character.DIRECTIONALITY_LEFT_TO_RIGHT_OVERRIDE,
                    Character.DIRECTIONALITY_RIGHT_TO_LEFT_EMBEDDING,
                    Character.DIRECTIONALITY_RIGHT_TO_LEFT_OVERRIDE,
                    Character.DIRECTIONALITY_POP_DIRECTIONAL_FORMAT,
                    Character.DIRECTIONALITY_LEFT_TO_RIGHT_ISOLATE,
                    Character.DIRECTIONALITY_RIGHT_TO_LEFT_ISOLATE,
                    Character.DIRECTIONALITY_FIRST_STRONG_ISOLATE,
                    Character.DIRECTIONALITY_POP_DIRECTIONAL_ISOLATE ->
                    true;
                default -> false;
              };
        };
  }
}
