package dev.stele.server.auth;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text in which {@code ${name}} stands for the claim of that name. Immutable.
 *
 * @param text as it was written
 */
public record ClaimTemplate(String text) {
  private static final Pattern CLAIM = Pattern.compile("\\$\\{([^${}]{1,100})}");

  /**
   * A template.
   *
   * @throws IllegalArgumentException if it has no claim, or the beginning of one that does not end
   */
  public ClaimTemplate {
    if (!CLAIM.matcher(text).find() || CLAIM.matcher(text).replaceAll("").contains("${")) {
      throw new IllegalArgumentException(
          "must name claims, such as ${sub} or ${namespace}/${project}, not \"" + text + "\"");
    }
  }

  /** With the values of claims; empty if one is not there, or is no text, number or truth. */
  Optional<String> fill(Map<String, Object> claims) {
    StringBuilder filled = new StringBuilder();
    Matcher matcher = CLAIM.matcher(text);
    while (matcher.find()) {
      Optional<String> value = text(claims.get(matcher.group(1)));
      if (value.isEmpty()) {
        return Optional.empty();
      }
      matcher.appendReplacement(filled, Matcher.quoteReplacement(value.get()));
    }
    return Optional.of(matcher.appendTail(filled).toString());
  }

  /** The same, but that a claim which is all of it may have several values. */
  List<String> fillAll(Map<String, Object> claims) {
    Matcher whole = CLAIM.matcher(text);
    if (whole.matches() && claims.get(whole.group(1)) instanceof Collection<?> several) {
      List<String> values = new ArrayList<>();
      several.forEach(each -> text(each).ifPresent(values::add));
      return values;
    }
    return fill(claims).stream().toList();
  }

  /** What a claim says, if it says one thing. */
  static Optional<String> text(Object claim) {
    return switch (claim) {
      case String said -> Optional.of(said);
      case Number number -> Optional.of(number.toString());
      case Boolean truth -> Optional.of(truth.toString());
      case null, default -> Optional.empty();
    };
  }

  @Override
  public String toString() {
    return text;
  }
}
