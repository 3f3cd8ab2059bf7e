package dev.stele.server.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.server.ListenAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads the configuration. An environment variable outranks the file; what neither sets has its
 * default. Unknown keys, unknown {@code STELE_} variables and bad values are errors.
 */
public final class ConfigurationReader {
  private static final String PREFIX = "STELE_";

  /** Variables of the launcher and of the tests, which are none of the configuration. */
  private static final Set<String> LAUNCHER = Set.of("STELE_JAVA_HOME", "STELE_JAVA_OPTS");

  private static final String TESTS = "STELE_TEST_";

  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Map<ConfigurationKey, String> values = new EnumMap<>(ConfigurationKey.class);
  private final Map<ConfigurationKey, String> origins = new EnumMap<>(ConfigurationKey.class);

  private final StoresReader stores = new StoresReader();

  private ConfigurationReader() {}

  /**
   * Reads a file and the environment.
   *
   * @param file absent for the defaults
   * @throws ConfigurationException naming the key or variable that cannot be used, and why
   */
  public static Configuration read(Optional<Path> file, Map<String, String> environment)
      throws ConfigurationException {
    ConfigurationReader reader = new ConfigurationReader();
    if (file.isPresent()) {
      reader.readFile(file.get());
    }
    reader.readEnvironment(environment);
    return reader.build();
  }

  private void readFile(Path file) throws ConfigurationException {
    JsonNode root;
    try {
      root = YAML.readTree(Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new ConfigurationException("there is no configuration file " + file, e);
    } catch (JsonProcessingException e) {
      throw new ConfigurationException(
          file + " is not YAML: " + e.getOriginalMessage() + where(e), e);
    } catch (IOException e) {
      throw new ConfigurationException(file + " cannot be read: " + e, e);
    }
    if (root == null || root.isMissingNode() || root.isNull()) {
      return;
    }
    if (!root.isObject()) {
      throw new ConfigurationException(file + " must consist of keys and values");
    }
    readNode(file, "", root);
  }

  private static String where(JsonProcessingException e) {
    return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
  }

  private void readNode(Path file, String prefix, JsonNode node) throws ConfigurationException {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String path = prefix + entry.getKey();
      JsonNode value = entry.getValue();
      Optional<ConfigurationKey> key = ConfigurationKey.ofPath(path);
      if (value.isObject() && isSection(path)) {
        readNode(file, path + ".", value);
      } else if (StoresReader.claims(path) && value.isObject()) {
        readNode(file, path + ".", value);
      } else if (StoresReader.claims(path) && value.isValueNode() && !value.isNull()) {
        stores.set(path, value.asText(), file + ": " + path);
      } else if (key.isEmpty()) {
        throw new ConfigurationException(
            file + ": unknown key " + path + "; known are " + knownPaths());
      } else if (!value.isValueNode() || value.isNull()) {
        throw bad(file + ": " + path, "must be " + key.get().meaning());
      } else {
        set(key.get(), value.asText(), file + ": " + path);
      }
    }
  }

  private static boolean isSection(String path) {
    return path.equals("stores")
        || Arrays.stream(ConfigurationKey.values()).anyMatch(k -> k.path().startsWith(path + "."));
  }

  private static String knownPaths() {
    return Arrays.stream(ConfigurationKey.values())
        .map(ConfigurationKey::path)
        .collect(Collectors.joining(", ", "", ", stores.<name>.<key>"));
  }

  private void readEnvironment(Map<String, String> environment) throws ConfigurationException {
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(PREFIX) || name.startsWith(TESTS) || LAUNCHER.contains(name)) {
        continue;
      }
      if (StoresReader.claimsVariable(name)) {
        stores.setVariable(name, variable.getValue());
        continue;
      }
      Optional<ConfigurationKey> key = ConfigurationKey.ofVariable(name);
      if (key.isEmpty()) {
        throw new ConfigurationException(
            "unknown environment variable "
                + name
                + "; known are "
                + Arrays.stream(ConfigurationKey.values())
                    .map(ConfigurationKey::variable)
                    .collect(Collectors.joining(", ")));
      }
      set(key.get(), variable.getValue(), name);
    }
  }

  private void set(ConfigurationKey key, String value, String origin)
      throws ConfigurationException {
    if (value.isEmpty() && key != ConfigurationKey.DATABASE_PASSWORD) {
      throw bad(origin, "must not be empty: it is " + key.meaning());
    }
    values.put(key, value);
    origins.put(key, origin);
  }

  private Configuration build() throws ConfigurationException {
    return new Configuration(
        listen(),
        path(ConfigurationKey.DATA).orElse(Path.of("stele-data")),
        path(ConfigurationKey.HTPASSWD),
        database(),
        stores.build(),
        manifests());
  }

  private ListenAddress listen() throws ConfigurationException {
    String text = values.get(ConfigurationKey.LISTEN);
    if (text == null) {
      return ListenAddress.DEFAULT;
    }
    try {
      return ListenAddress.parse(text);
    } catch (IllegalArgumentException e) {
      throw bad(origins.get(ConfigurationKey.LISTEN), e.getMessage());
    }
  }

  private Optional<Path> path(ConfigurationKey key) throws ConfigurationException {
    String text = values.get(key);
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      throw bad(origins.get(key), "is not a path: " + e.getReason());
    }
  }

  private Optional<Configuration.DatabaseAddress> database() throws ConfigurationException {
    String url = values.get(ConfigurationKey.DATABASE_URL);
    String user = values.get(ConfigurationKey.DATABASE_USER);
    String password = values.get(ConfigurationKey.DATABASE_PASSWORD);
    if (url == null) {
      if (user != null || password != null) {
        throw new ConfigurationException(
            origins.get(
                    user != null
                        ? ConfigurationKey.DATABASE_USER
                        : ConfigurationKey.DATABASE_PASSWORD)
                + " needs database.url beside it");
      }
      return Optional.empty();
    }
    if (!url.startsWith("jdbc:postgresql:")) {
      throw bad(
          origins.get(ConfigurationKey.DATABASE_URL),
          "must be " + ConfigurationKey.DATABASE_URL.meaning());
    }
    if (user == null) {
      throw new ConfigurationException(
          origins.get(ConfigurationKey.DATABASE_URL) + " needs database.user beside it");
    }
    return Optional.of(
        new Configuration.DatabaseAddress(url, user, password == null ? "" : password));
  }

  private Configuration.ManifestRules manifests() throws ConfigurationException {
    Configuration.ManifestRules rules = Configuration.ManifestRules.DEFAULT;
    DataSize limit = size(ConfigurationKey.MANIFESTS_MAX_SIZE).orElse(rules.maxSize());
    if (limit.compareTo(Configuration.ManifestRules.SMALLEST_LIMIT) < 0
        || limit.compareTo(Configuration.ManifestRules.LARGEST_LIMIT) > 0) {
      throw bad(
          origins.get(ConfigurationKey.MANIFESTS_MAX_SIZE),
          "must be between %s and %s, not %s"
              .formatted(
                  Configuration.ManifestRules.SMALLEST_LIMIT,
                  Configuration.ManifestRules.LARGEST_LIMIT,
                  limit));
    }
    return new Configuration.ManifestRules(
        truth(ConfigurationKey.MANIFESTS_SPARSE).orElse(rules.sparse()), limit);
  }

  private Optional<Boolean> truth(ConfigurationKey key) throws ConfigurationException {
    String text = values.get(key);
    if (text == null) {
      return Optional.empty();
    }
    return switch (text) {
      case "true" -> Optional.of(true);
      case "false" -> Optional.of(false);
      default -> throw bad(origins.get(key), "must be true or false, not \"" + text + "\"");
    };
  }

  private Optional<DataSize> size(ConfigurationKey key) throws ConfigurationException {
    String text = values.get(key);
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(DataSize.parse(text));
    } catch (IllegalArgumentException e) {
      throw bad(origins.get(key), e.getMessage());
    }
  }

  private static ConfigurationException bad(String origin, String what) {
    return new ConfigurationException(origin + " " + what);
  }
}
