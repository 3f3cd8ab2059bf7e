package dev.stele.server.config;

import dev.stele.blob.FileFailure;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What was written, by path, and what became of it: the values that hold and the problems found.
 * Problems are collected, so that all are told at once.
 */
final class ConfigurationValues {
  /** After the path of a key that is a secret: that of the file which has it. */
  private static final String IN_FILE = "-file";

  private static final String MASK = "******";

  private record Written(String text, String origin) {}

  private final Map<String, Written> written = new TreeMap<>();
  private final List<Setting> settings = new ArrayList<>();
  private final Set<ConfigurationKey<?>> asked = new LinkedHashSet<>();
  private final List<String> problems = new ArrayList<>();

  /** Which keys there are: those that are asked for where nothing was written. */
  static List<ConfigurationKey<?>> asked(Consumer<ConfigurationValues> asking) {
    ConfigurationValues nothing = new ConfigurationValues();
    asking.accept(nothing);
    return List.copyOf(nothing.asked);
  }

  /** Takes what a source says of a key; the last one outranks those before. */
  void put(String path, String text, String origin) {
    written.put(path, new Written(text, origin));
  }

  boolean has(String path) {
    return written.containsKey(path) || written.containsKey(path + IN_FILE);
  }

  /** Who set a key, as problems name it: {@code file: path} or the variable; else the path. */
  String origin(String path) {
    return Optional.ofNullable(written.get(path)).map(Written::origin).orElse(path);
  }

  /** Notes what is wrong. */
  void problem(String what) {
    problems.add(what);
  }

  int problemCount() {
    return problems.size();
  }

  /** The value of a key that stands by itself. */
  <T> Optional<T> find(ConfigurationKey<T> key) {
    return find("", key);
  }

  /** The value of a key that has a default. A bad value is a problem, and the default goes on. */
  <T> T get(ConfigurationKey<T> key) {
    return get("", key);
  }

  /** The same of a key within a section. */
  <T> T get(String section, ConfigurationKey<T> key) {
    return find(section, key).orElseThrow();
  }

  /**
   * The value of a key within a section, and the key's default where it is absent or bad; the
   * latter is a problem.
   *
   * @param section with a dot at its end, or empty
   */
  <T> Optional<T> find(String section, ConfigurationKey<T> key) {
    asked.add(key);
    String path = section + key.path();
    if (key.secret()) {
      readSecret(section, key);
    }
    Written text = written.get(path);
    Optional<T> value = text == null ? key.absent() : parse(key, text).or(key::absent);
    settings.add(
        new Setting(
            path,
            value.map(v -> key.secret() ? MASK : key.format().apply(v)).orElse(""),
            text == null ? Setting.DEFAULT : text.origin()));
    return value;
  }

  /**
   * Takes a secret from the file that another key names: neither the configuration nor the
   * environment has to have it then.
   */
  private void readSecret(String section, ConfigurationKey<?> key) {
    String path = section + key.path();
    ConfigurationKey<Path> named =
        ConfigurationKey.path(key.path() + IN_FILE, "a file with that: " + key.meaning());
    boolean twice = written.containsKey(path) && written.containsKey(path + IN_FILE);
    Optional<Path> file = find(section, named);
    if (twice) {
      problem("%s and %s say the same thing: take one out".formatted(origin(path), path + IN_FILE));
    } else if (file.isPresent()) {
      String origin = origin(path + IN_FILE);
      try {
        put(path, Files.readString(file.get()).replaceFirst("\\R\\z", ""), origin);
      } catch (CharacterCodingException e) {
        problem(origin + ": " + file.get() + " is not text in UTF-8");
      } catch (IOException e) {
        problem(origin + ": " + file.get() + " cannot be read: " + FileFailure.reason(e));
      }
    }
  }

  private <T> Optional<T> parse(ConfigurationKey<T> key, Written text) {
    try {
      return Optional.of(key.parser().apply(text.text()));
    } catch (IllegalArgumentException e) {
      problem(text.origin() + " " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Notes a value that holds without a key of its own having been asked for. */
  void note(Setting setting) {
    settings.add(setting);
  }

  /** What was found, in the order of asking. */
  List<Setting> settings() {
    return List.copyOf(settings);
  }

  /**
   * @throws ConfigurationException with all problems, if there are any
   */
  void throwProblems() throws ConfigurationException {
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
  }
}
