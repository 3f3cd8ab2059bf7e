package dev.stele.cli;

import java.io.Console;

/**
 * What a stream of this program goes to.
 *
 * @param interactive whether somebody looks at it, rather than a file or a program
 * @param width in characters; 0 if it is not known
 * @param coloured whether what is shown there may have colours
 */
record Terminal(boolean interactive, int width, boolean coloured) {
  /** None: nothing is cut, and nothing has a colour. */
  static final Terminal NONE = new Terminal(false, 0, false);

  /**
   * How wide the launcher found the terminals to be of what is asked for and of errors: system
   * properties, since they are no configuration and nobody is to inherit them.
   */
  private static final String OUTPUT_WIDTH = "stele.columns";

  private static final String ERROR_WIDTH = "stele.error-columns";

  /** Where the standard output goes. */
  @SuppressWarnings("SystemConsoleNull") // there is none where there is no terminal since Java 25
  static Terminal ofOutput() {
    Console console = System.console();
    return console != null && console.isTerminal()
        ? new Terminal(true, Integer.getInteger(OUTPUT_WIDTH, 0), colours())
        : NONE;
  }

  /** Where errors are told; a terminal only if the launcher says so. */
  static Terminal ofErrors() {
    int width = Integer.getInteger(ERROR_WIDTH, 0);
    return width > 0 ? new Terminal(true, width, colours()) : NONE;
  }

  /** See https://no-color.org. */
  private static boolean colours() {
    String without = System.getenv("NO_COLOR");
    return without == null || without.isEmpty();
  }

  /** What stands above others. */
  String heading(String text) {
    return styled(text, "1");
  }

  /** What must not be overlooked. */
  String alarm(String text) {
    return styled(text, "1;31");
  }

  private String styled(String text, String style) {
    return coloured ? "\u001b[" + style + "m" + text + "\u001b[0m" : text;
  }

  /** As much of a line as fits. */
  String clip(String line) {
    return line.substring(0, Math.min(line.length(), Math.max(width - 1, 0)));
  }
}
