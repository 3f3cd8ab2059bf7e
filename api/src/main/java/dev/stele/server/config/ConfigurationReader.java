package dev.stele.server.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import dev.stele.blob.FileFailure;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the configuration. An option of the command line outranks an environment variable, and that
 * the file; what none sets has its default. Unknown keys, unknown {@code STELE_} variables and bad
 * values are errors, all of which are told at once.
 */
public final class ConfigurationReader {
  private static final String PREFIX = "STELE_";

  /** Names the file, where no option does. */
  public static final String FILE_VARIABLE = "STELE_CONFIG";

  /** Variables of the launcher and of clients, which are none of the configuration. */
  private static final Set<String> OTHERS =
      Set.of("STELE_JAVA_HOME", "STELE_JAVA_OPTS", "STELE_SERVER", "STELE_PASSWORD", FILE_VARIABLE);

  /** What Kubernetes tells a container of a service named stele: none of it is meant for us. */
  private static final Pattern OF_A_SERVICE =
      Pattern.compile(
          "STELE_SERVICE_HOST|STELE_SERVICE_PORT(_[A-Z0-9_]+)?|STELE_PORT"
              + "|STELE_PORT_[0-9]+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?");

  private static final String TESTS = "STELE_TEST_";

  /** A configuration, and each of its values with where it comes from. */
  public record Loaded(Configuration configuration, List<Setting> settings) {}

  /** How SnakeYAML says where something is. */
  private static final Pattern MARK = Pattern.compile("(?m)^ in .*, line ([0-9]+), column ");

  private final ConfigurationValues values = new ConfigurationValues();
  private final ConfigurationBuilder builder = new ConfigurationBuilder(values);
  private final List<NamedSections> named = builder.sections();

  private ConfigurationReader() {}

  /** Reads a file and the environment; see {@link #load}. */
  public static Configuration read(Optional<Path> file, Map<String, String> environment)
      throws ConfigurationException {
    return load(file, environment, Map.of()).configuration();
  }

  /**
   * Reads a file, the environment and options.
   *
   * @param file absent for the defaults
   * @param options by the path of their key, without dashes
   * @throws ConfigurationException naming every key or variable that cannot be used, and why
   */
  public static Loaded load(
      Optional<Path> file, Map<String, String> environment, Map<String, String> options)
      throws ConfigurationException {
    ConfigurationReader reader = new ConfigurationReader();
    if (file.isPresent()) {
      reader.readFile(file.get());
    }
    reader.readEnvironment(new TreeMap<>(environment));
    options.forEach((path, text) -> reader.values.put(path, text, "--" + path));
    Configuration configuration = reader.builder.build();
    reader.values.throwProblems();
    return new Loaded(configuration, reader.values.settings());
  }

  private void readFile(Path file) throws ConfigurationException {
    if (Files.isDirectory(file)) {
      throw new ConfigurationException(
          List.of("a folder cannot be the configuration, so name a file in it: " + file));
    }
    JsonNode root;
    try {
      root = PolicyYaml.YAML.readTree(Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("there is no configuration file " + file, e);
    } catch (JsonProcessingException e) {
      throw new ConfigurationException(file + " is not YAML: " + what(e) + where(e), e);
    } catch (CharacterCodingException e) {
      throw new ConfigurationException(file + " is not text in UTF-8", e);
    } catch (IOException e) {
      throw new ConfigurationException(file + " cannot be read: " + FileFailure.reason(e), e);
    }
    if (root == null || root.isMissingNode() || root.isNull()) {
      return;
    }
    if (!root.isObject()) {
      values.problem(file + " must consist of keys and values");
      return;
    }
    readNode(file, "", root);
  }

  /** Without the lines that the parser quotes from the file: they may have a secret. */
  private static String what(JsonProcessingException e) {
    if (e instanceof MismatchedInputException) {
      return "it has more than one document";
    }
    return e.getOriginalMessage()
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith(" "))
        .collect(Collectors.joining(", "));
  }

  /** The parser's own line, where it tells one: Jackson's is that of the last token before. */
  private static String where(JsonProcessingException e) {
    Matcher marked = MARK.matcher(e.getOriginalMessage());
    String line = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    while (marked.find()) {
      line = " (line " + marked.group(1) + ")";
    }
    return line;
  }

  private void readNode(Path file, String prefix, JsonNode node) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String path = prefix + entry.getKey();
      String origin = file + ": " + path;
      JsonNode value = entry.getValue();
      Optional<NamedSections> sections = named.stream().filter(s -> s.claims(path)).findFirst();
      Optional<ConfigurationKey<?>> key =
          sections.isPresent() ? sections.get().key(path) : known(each -> each.path().equals(path));
      if (value.isNull() && !path.contains(".") && (isSection(path) || sections.isPresent())) {
        // A section of which all keys are commented out says nothing.
        continue;
      }
      Optional<FileList<?>> list =
          builder.lists().stream().filter(each -> each.path().equals(path)).findFirst();
      if (list.isPresent()) {
        list.get().set(value, file.toString());
      } else if (value.isObject() && (isSection(path) || sections.isPresent())) {
        readNode(file, path + ".", value);
      } else if (key.isEmpty() && sections.isPresent()) {
        sections.get().unknown(origin);
      } else if (key.isEmpty()) {
        values.problem(file + ": unknown key " + path + "; known are " + knownPaths());
      } else if (text(key.get(), value).isEmpty()) {
        values.problem(origin + " must be " + key.get().meaning());
      } else {
        String text = text(key.get(), value).get();
        sections.ifPresentOrElse(
            s -> s.set(path, text, origin), () -> values.put(path, text, origin));
      }
    }
  }

  /** What the file says of a key; empty if a key cannot be said that way. */
  private static Optional<String> text(ConfigurationKey<?> key, JsonNode value) {
    if (key.isList() && value.isArray() && value.valueStream().allMatch(JsonNode::isValueNode)) {
      return Optional.of(
          value
              .valueStream()
              .map(JsonNode::asText)
              .collect(Collectors.joining(ConfigurationKey.LIST_SEPARATOR)));
    }
    return value.isValueNode() && !value.isNull() ? Optional.of(value.asText()) : Optional.empty();
  }

  private boolean isSection(String path) {
    return paths().anyMatch(known -> known.startsWith(path + "."));
  }

  private static Optional<ConfigurationKey<?>> known(Predicate<ConfigurationKey<?>> wanted) {
    return ConfigurationBuilder.KEYS.stream().filter(wanted).findFirst();
  }

  private Stream<String> paths() {
    return Stream.concat(
        ConfigurationBuilder.KEYS.stream().map(ConfigurationKey::path),
        builder.lists().stream().map(FileList::path));
  }

  private String knownPaths() {
    return Stream.concat(paths(), named.stream().map(each -> each.section("<name>") + "<key>"))
        .collect(Collectors.joining(", "));
  }

  private void readEnvironment(Map<String, String> environment) {
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(PREFIX)
          || name.startsWith(TESTS)
          || OTHERS.contains(name)
          || OF_A_SERVICE.matcher(name).matches()) {
        continue;
      }
      Optional<NamedSections> sections =
          named.stream().filter(s -> s.claimsVariable(name)).findFirst();
      if (sections.isPresent()) {
        sections.get().setVariable(name, variable.getValue());
        continue;
      }
      known(key -> key.variable().equals(name))
          .ifPresentOrElse(
              key -> values.put(key.path(), variable.getValue(), name),
              () ->
                  values.problem(
                      "unknown environment variable "
                          + name
                          + "; known are "
                          + ConfigurationBuilder.KEYS.stream()
                              .map(ConfigurationKey::variable)
                              .collect(Collectors.joining(", "))));
    }
  }
}
