package dev.stele.policy;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How large a regular expression becomes when its repetitions are written out, as compiling it
 * does: repetitions within repetitions multiply, so that {@code ((x{1000}){1000}} needs a hundred
 * megabytes. Asked before compiling; of what is no expression any number may come out. Pure.
 */
final class ExpressionSize {
  private static final Pattern REPETITION = Pattern.compile("\\{([0-9]{1,4})(?:,([0-9]{0,4}))?\\}");
  private static final long ENOUGH = Integer.MAX_VALUE;

  private ExpressionSize() {}

  static long of(String expression) {
    Deque<Long> outer = new ArrayDeque<>();
    Matcher repetition = REPETITION.matcher(expression);
    long before = 0; // in this group, without the last part
    long last = 0;
    int i = 0;
    while (i < expression.length()) {
      char c = expression.charAt(i);
      if (c == '{' && repetition.region(i, expression.length()).lookingAt()) {
        last = Math.min(ENOUGH, last * Math.max(1, most(repetition)));
        i = repetition.end();
      } else if (c == '(') {
        outer.push(before + last);
        before = 0;
        last = 1;
        i++;
      } else if (c == ')' && !outer.isEmpty()) {
        last = Math.min(ENOUGH, before + last + 1);
        before = outer.pop();
        i++;
      } else {
        before = Math.min(ENOUGH, before + last);
        last = 1;
        i = c == '\\' ? i + 2 : c == '[' ? afterClass(expression, i) : i + 1;
      }
    }
    return Math.min(ENOUGH, before + last);
  }

  private static int most(Matcher repetition) {
    int least = Integer.parseInt(repetition.group(1));
    String most = repetition.group(2);
    return most == null || most.isEmpty() ? least : Math.max(least, Integer.parseInt(most));
  }

  /** What is between brackets is one part, whatever it looks like. */
  private static int afterClass(String expression, int start) {
    int i = start + 1;
    i += expression.startsWith("^", i) ? 1 : 0;
    i += expression.startsWith("]", i) ? 1 : 0;
    while (i < expression.length() && expression.charAt(i) != ']') {
      int name = expression.startsWith("[:", i) ? expression.indexOf(":]", i) : -1;
      i = name >= 0 ? name + 2 : expression.charAt(i) == '\\' ? i + 2 : i + 1;
    }
    return i + 1;
  }
}
