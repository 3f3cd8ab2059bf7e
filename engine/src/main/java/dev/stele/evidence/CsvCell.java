package dev.stele.evidence;

import java.util.stream.Collectors;

/**
 * A field of comma-separated values (RFC 4180) as people open them: a text that a spreadsheet would
 * take for a formula has an apostrophe before it, which spreadsheets do not show, and a character
 * that would give orders to a terminal is shown by its number.
 */
public final class CsvCell {
  /**
   * What formulas begin with, also in full width. No number is negative but -1, a position before
   * the first.
   */
  private static final String FORMULA = "=+-@\t\r\uFF1D\uFF0B\uFF0D\uFF20";

  private CsvCell() {}

  /** The field, in quotes if it needs them. */
  public static String quoted(String raw) {
    String text = withoutControls(raw);
    String field = !text.isEmpty() && FORMULA.indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
    boolean plain = field.chars().noneMatch(c -> c == '"' || c == ',' || c == '\r' || c == '\n');
    return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
  }

  private static String withoutControls(String text) {
    return text.chars().noneMatch(CsvCell::isControl)
        ? text
        : text.chars()
            .mapToObj(c -> isControl(c) ? escaped(c) : Character.toString(c))
            .collect(Collectors.joining());
  }

  private static boolean isControl(int c) {
    return Character.isISOControl(c) && c != '\t' && c != '\r' && c != '\n';
  }

  /** How a character is shown that would do something else than be seen. */
  public static String escaped(int unit) {
    return "\\u%04x".formatted(unit);
  }
}
