package dev.stele.server.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Sections that the operator names, all with the same keys: {@code <section>.<name>.<key>}, such as
 * {@code stores.default.type}. In the environment a name is written in upper case, with '_' for '-'
 * and '.'.
 */
final class NamedSections {
  private static final Pattern ISSUER = Pattern.compile("(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*");

  /** With which the names of others begin. */
  private static final List<String> RESERVED = List.of("cert", "cli", "robot", "stele");

  private final ConfigurationValues values;
  private final String prefix;
  private final String variables;
  private final String what;
  private final List<ConfigurationKey<?>> keys;
  private final TreeSet<String> names = new TreeSet<>();

  /**
   * @param section such as {@code stores}
   * @param what one of them is, such as {@code a store}
   */
  NamedSections(
      ConfigurationValues values, String section, String what, List<ConfigurationKey<?>> keys) {
    this.values = values;
    this.prefix = section + ".";
    this.variables = "STELE_" + ConfigurationKey.upperSnake(section) + "_";
    this.what = what;
    this.keys = keys;
  }

  /** Whether the path is the section, or below it. */
  boolean claims(String path) {
    return (path + ".").startsWith(prefix);
  }

  boolean claimsVariable(String name) {
    return name.startsWith(variables);
  }

  /** The key that a path below the section ends with; empty if there is no such key. */
  Optional<ConfigurationKey<?>> key(String path) {
    int dot = path.lastIndexOf('.');
    return dot < prefix.length()
        ? Optional.empty()
        : keys.stream().filter(key -> key.path().equals(path.substring(dot + 1))).findFirst();
  }

  /** Takes a {@link #key} of the file. */
  void set(String path, String text, String origin) {
    names.add(path.substring(prefix.length(), path.lastIndexOf('.')));
    values.put(path, text, origin);
  }

  /** Notes that the file has a key which is none. */
  void unknown(String origin) {
    values.problem(
        origin
            + ": unknown key; "
            + what
            + " has "
            + keys.stream()
                .map(known -> prefix + "<name>." + known.path())
                .collect(Collectors.joining(", ")));
  }

  /** Takes a variable of the environment, after all keys of the file. */
  void setVariable(String variable, String text) {
    String rest = variable.substring(variables.length());
    for (ConfigurationKey<?> key : keys) {
      String suffix = suffix(key);
      if (rest.endsWith(suffix) && rest.length() > suffix.length()) {
        String name = nameOf(rest.substring(0, rest.length() - suffix.length()));
        names.add(name);
        values.put(section(name) + key.path(), text, variable);
        return;
      }
    }
    values.problem(
        "unknown environment variable "
            + variable
            + "; "
            + what
            + " has "
            + keys.stream()
                .map(known -> variables + "<NAME>" + suffix(known))
                .collect(Collectors.joining(", ")));
  }

  private static String suffix(ConfigurationKey<?> key) {
    return "_" + ConfigurationKey.upperSnake(key.path());
  }

  private String nameOf(String upperSnake) {
    return names.stream()
        .filter(name -> ConfigurationKey.upperSnake(name).equals(upperSnake))
        .findFirst()
        .orElse(upperSnake.toLowerCase(Locale.ROOT).replace('_', '-'));
  }

  /** Checks that names can begin with that of a section and a colon, and mean no others. */
  void checkIssuerName(String name) {
    if (!ISSUER.matcher(name).matches() || RESERVED.contains(name)) {
      values.problem(
          prefix
              + name
              + ": an issuer's name has lower-case letters, digits and single dashes, at most 64"
              + " characters, and is none of "
              + String.join(", ", RESERVED));
    }
  }

  List<ConfigurationKey<?>> keys() {
    return keys;
  }

  /** The names of which something was said. */
  SortedSet<String> names() {
    return names;
  }

  /** What the paths of one begin with: the section and the name, with a dot at the end. */
  String section(String name) {
    return prefix + name + ".";
  }

  /** The value of a key that must be there, whatever its default. */
  <T> Optional<T> required(String section, ConfigurationKey<T> key) {
    String path = section + key.path();
    Optional<T> value = values.find(section, key);
    if (!values.has(path)) {
      values.problem(path + " is missing: " + key.meaning());
      return Optional.empty();
    }
    return value;
  }
}
