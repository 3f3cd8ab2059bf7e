package dev.stele.server.config;

import dev.stele.policy.Durations;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A key of the configuration: where it is written, what it means, and how its text becomes a value.
 *
 * @param path as written in the file, with dots; within a section with names, such as a store's,
 *     what comes after the name
 * @param meaning completes "it is ..." and "it must be ..."
 * @param parser throws {@link IllegalArgumentException} whose message continues the key's path
 * @param format writes a value as it could be configured
 * @param absent the value of a key that nobody sets; empty if there is none
 * @param secret whether values must not be shown
 */
record ConfigurationKey<T>(
    String path,
    String meaning,
    Function<String, T> parser,
    Function<T, String> format,
    Optional<T> absent,
    boolean secret) {
  /** Between the values of a list of the file. */
  static final String LIST_SEPARATOR = "\n";

  /** A key without a default. */
  static <T> ConfigurationKey<T> key(
      String path, String meaning, Function<String, T> parser, Function<T, String> format) {
    return new ConfigurationKey<>(path, meaning, parser, format, Optional.empty(), false);
  }

  /** A key without a default whose value is text, and not none. */
  static ConfigurationKey<String> text(String path, String meaning) {
    return key(
        path,
        meaning,
        text -> {
          if (text.isEmpty()) {
            throw new IllegalArgumentException("must not be empty: it is " + meaning);
          }
          return text;
        },
        Function.identity());
  }

  /** A key whose value is text, perhaps none. */
  static ConfigurationKey<String> anyText(String path, String meaning) {
    return key(path, meaning, Function.identity(), Function.identity());
  }

  static ConfigurationKey<Path> path(String path, String meaning) {
    return key(path, meaning, ConfigurationKey::toPath, Path::toString);
  }

  static ConfigurationKey<Boolean> truth(String path, String meaning, boolean absent) {
    return key(path, "true or false: " + meaning, ConfigurationKey::toTruth, String::valueOf)
        .withDefault(absent);
  }

  /** One of the constants of an enum, written in lower case. */
  static <E extends Enum<E>> ConfigurationKey<E> choice(
      String path, String meaning, Class<E> type, E absent) {
    return key(path, meaning, text -> toConstant(type, text), (E constant) -> word(constant))
        .withDefault(absent);
  }

  /**
   * Several values: a list in the file, or one text with separators. None if absent.
   *
   * @param separator no value has it
   */
  static <T> ConfigurationKey<List<T>> list(
      String path,
      String meaning,
      char separator,
      Function<String, T> parser,
      Function<T, String> format) {
    return key(
            path,
            meaning + ", as a list or separated by " + separator,
            text -> toList(text, "[" + separator + LIST_SEPARATOR + "]", parser),
            (List<T> values) -> String.join(separator + " ", values.stream().map(format).toList()))
        .withDefault(List.of());
  }

  static ConfigurationKey<Integer> number(
      String path, String meaning, int absent, int least, int most) {
    return bounded(path, meaning, ConfigurationKey::toNumber, String::valueOf, absent, least, most);
  }

  static ConfigurationKey<DataSize> size(
      String path, String meaning, DataSize absent, DataSize least, DataSize most) {
    return bounded(path, meaning, DataSize::parse, DataSize::toString, absent, least, most);
  }

  static ConfigurationKey<Duration> duration(
      String path, String meaning, Duration absent, Duration least, Duration most) {
    return bounded(path, meaning, Durations::parse, Durations::format, absent, least, most);
  }

  private static <T extends Comparable<T>> ConfigurationKey<T> bounded(
      String path,
      String meaning,
      Function<String, T> parser,
      Function<T, String> format,
      T absent,
      T least,
      T most) {
    String range = format.apply(least) + " and " + format.apply(most);
    return key(
            path,
            meaning + ", between " + range,
            text -> {
              T value = parser.apply(text);
              if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(
                    "must be between " + range + ", not " + format.apply(value));
              }
              return value;
            },
            format)
        .withDefault(absent);
  }

  /** The same with a value for when nobody sets it. */
  ConfigurationKey<T> withDefault(T value) {
    return new ConfigurationKey<>(path, meaning, parser, format, Optional.of(value), secret);
  }

  /** The same, not to be shown. */
  ConfigurationKey<T> asSecret() {
    return new ConfigurationKey<>(path, meaning, parser, format, absent, true);
  }

  /** Whether it has several values. */
  boolean isList() {
    return absent.filter(List.class::isInstance).isPresent();
  }

  /** As an environment variable: {@code STELE_} and the path in upper snake case. */
  String variable() {
    return "STELE_" + upperSnake(path);
  }

  static String upperSnake(String path) {
    return path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  private static Path toPath(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("must not be empty: it is a path");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("is not a path: " + e.getReason(), e);
    }
  }

  private static boolean toTruth(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("must be true or false, not \"" + text + "\"");
    };
  }

  private static <T> List<T> toList(String text, String separators, Function<String, T> parser) {
    if (text.isBlank()) {
      return List.of();
    }
    List<String> items = Stream.of(text.split(separators, -1)).map(String::strip).toList();
    if (items.contains("")) {
      throw new IllegalArgumentException(
          "must be a list of values, none of them empty, not \"" + text + "\"");
    }
    return items.stream().map(parser).toList();
  }

  private static int toNumber(String text) {
    if (!text.matches("-?[0-9]{1,9}")) {
      throw new IllegalArgumentException("must be a whole number, not \"" + text + "\"");
    }
    return Integer.parseInt(text);
  }

  private static <E extends Enum<E>> E toConstant(Class<E> type, String text) {
    StringBuilder allowed = new StringBuilder();
    for (E constant : type.getEnumConstants()) {
      if (word(constant).equals(text)) {
        return constant;
      }
      allowed.append(allowed.isEmpty() ? "" : " or ").append(word(constant));
    }
    throw new IllegalArgumentException("must be " + allowed + ", not \"" + text + "\"");
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
