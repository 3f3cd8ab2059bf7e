package dev.stele.server.config;

import dev.stele.blob.BlobStores;
import dev.stele.blob.S3Settings;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Reads {@code stores.<name>.<key>}: the blob stores, of which {@code default} takes every
 * repository that no other store's name claims by its first path segment. In the environment a name
 * is written in upper case, with '_' for '-' and '.'.
 */
final class StoresReader {
  private static final String SECTION = "stores.";
  private static final String VARIABLES = "STELE_STORES_";

  /** What can be said of a store. */
  private enum Key {
    TYPE("type", "disk or s3"),
    PATH("path", "the folder of a store of type disk"),
    ENDPOINT("endpoint", "the S3 service, such as https://s3.eu-central-1.amazonaws.com"),
    BUCKET("bucket", "the bucket, which must exist"),
    REGION("region", "the bucket's region (default: us-east-1)"),
    ACCESS_KEY("access-key", "the access key; without it, what AWS tools find"),
    SECRET_KEY("secret-key", "the secret key"),
    PATH_STYLE(
        "path-style", "true or false: whether the bucket is named in the path (default: true)"),
    PREFIX("prefix", "put before every object's key, ending with '/'");

    private final String word;
    private final String meaning;

    Key(String word, String meaning) {
      this.word = word;
      this.meaning = meaning;
    }

    private String suffix() {
      return "_" + name();
    }
  }

  private record Value(String text, String origin) {}

  private final Map<String, Map<Key, Value>> stores = new TreeMap<>();

  /** Whether the path is below {@code stores}. */
  static boolean claims(String path) {
    return path.startsWith(SECTION);
  }

  static boolean claimsVariable(String name) {
    return name.startsWith(VARIABLES);
  }

  /** Takes a key of the file. */
  void set(String path, String text, String origin) throws ConfigurationException {
    String rest = path.substring(SECTION.length());
    int dot = rest.lastIndexOf('.');
    Optional<Key> key =
        Arrays.stream(Key.values())
            .filter(known -> dot > 0 && rest.substring(dot + 1).equals(known.word))
            .findFirst();
    if (key.isEmpty()) {
      throw new ConfigurationException(
          origin
              + ": unknown key; a store has "
              + Arrays.stream(Key.values())
                  .map(known -> SECTION + "<name>." + known.word)
                  .collect(Collectors.joining(", ")));
    }
    put(rest.substring(0, dot), key.get(), text, origin);
  }

  /** Takes a variable of the environment, after all keys of the file. */
  void setVariable(String variable, String text) throws ConfigurationException {
    String rest = variable.substring(VARIABLES.length());
    for (Key key : Key.values()) {
      if (rest.endsWith(key.suffix()) && rest.length() > key.suffix().length()) {
        String name = rest.substring(0, rest.length() - key.suffix().length());
        put(storeOf(name), key, text, variable);
        return;
      }
    }
    throw new ConfigurationException(
        "unknown environment variable "
            + variable
            + "; a store has "
            + Arrays.stream(Key.values())
                .map(known -> VARIABLES + "<NAME>" + known.suffix())
                .collect(Collectors.joining(", ")));
  }

  private String storeOf(String upperSnake) {
    return stores.keySet().stream()
        .filter(name -> snake(name).equals(upperSnake))
        .findFirst()
        .orElse(upperSnake.toLowerCase(Locale.ROOT).replace('_', '-'));
  }

  private static String snake(String name) {
    return name.toUpperCase(Locale.ROOT).replace('-', '_').replace('.', '_');
  }

  private void put(String name, Key key, String text, String origin) throws ConfigurationException {
    if (text.isEmpty() && key != Key.PREFIX) {
      throw new ConfigurationException(origin + " must not be empty: it is " + key.meaning);
    }
    stores.computeIfAbsent(name, _ -> new EnumMap<>(Key.class)).put(key, new Value(text, origin));
  }

  /** The stores by name; empty if none is configured. */
  Map<String, StoreSettings> build() throws ConfigurationException {
    Map<String, StoreSettings> built = new TreeMap<>();
    for (Map.Entry<String, Map<Key, Value>> store : stores.entrySet()) {
      requireName(store.getKey());
      built.put(store.getKey(), settings(store.getKey(), store.getValue()));
    }
    requireApart(built);
    return built;
  }

  private static void requireName(String name) throws ConfigurationException {
    try {
      if (name.equals(BlobStores.DEFAULT)
          || RepositoryName.parse(name + "/x").routePrefix().equals(name)) {
        return;
      }
    } catch (InvalidNameException e) {
      throw new ConfigurationException(
          SECTION
              + name
              + ": a store is named default, or like the first segment of the repositories it"
              + " takes",
          e);
    }
    throw new ConfigurationException(
        SECTION + name + ": a store takes one path segment, without '/'");
  }

  private static StoreSettings settings(String name, Map<Key, Value> values)
      throws ConfigurationException {
    Value type = values.get(Key.TYPE);
    if (type == null) {
      throw new ConfigurationException(SECTION + name + ".type is missing: disk or s3");
    }
    return switch (type.text()) {
      case "disk" -> disk(name, values);
      case "s3" -> s3(name, values);
      default ->
          throw new ConfigurationException(
              type.origin() + " must be disk or s3, not \"" + type.text() + "\"");
    };
  }

  private static StoreSettings disk(String name, Map<Key, Value> values)
      throws ConfigurationException {
    Value path = required(name, values, Key.PATH);
    refuseOthers(values, "a store of type disk has only type and path", Key.TYPE, Key.PATH);
    try {
      return new StoreSettings.Disk(Path.of(path.text()).toAbsolutePath().normalize());
    } catch (InvalidPathException e) {
      throw new ConfigurationException(path.origin() + " is not a path: " + e.getReason(), e);
    }
  }

  private static StoreSettings s3(String name, Map<Key, Value> values)
      throws ConfigurationException {
    Value endpoint = required(name, values, Key.ENDPOINT);
    Value bucket = required(name, values, Key.BUCKET);
    if (values.containsKey(Key.PATH)) {
      throw new ConfigurationException(
          values.get(Key.PATH).origin() + ": a store of type s3 has no path; it has a prefix");
    }
    if (values.containsKey(Key.ACCESS_KEY) != values.containsKey(Key.SECRET_KEY)) {
      throw new ConfigurationException(SECTION + name + ": access-key and secret-key go together");
    }
    try {
      return new StoreSettings.S3(
          new S3Settings(
              URI.create(endpoint.text()),
              bucket.text(),
              text(values, Key.REGION).orElse("us-east-1"),
              text(values, Key.ACCESS_KEY)
                  .map(
                      access ->
                          new S3Settings.Credentials(
                              access, text(values, Key.SECRET_KEY).orElseThrow())),
              pathStyle(values),
              text(values, Key.PREFIX).orElse(""),
              S3Settings.defaultPartMemory()));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(SECTION + name + ": " + e.getMessage(), e);
    }
  }

  private static boolean pathStyle(Map<Key, Value> values) throws ConfigurationException {
    String text = text(values, Key.PATH_STYLE).orElse("true");
    if (!text.equals("true") && !text.equals("false")) {
      throw new ConfigurationException(
          values.get(Key.PATH_STYLE).origin() + " must be true or false, not \"" + text + "\"");
    }
    return text.equals("true");
  }

  private static Optional<String> text(Map<Key, Value> values, Key key) {
    return Optional.ofNullable(values.get(key)).map(Value::text);
  }

  private static Value required(String name, Map<Key, Value> values, Key key)
      throws ConfigurationException {
    Value value = values.get(key);
    if (value == null) {
      throw new ConfigurationException(
          SECTION + name + "." + key.word + " is missing: " + key.meaning);
    }
    return value;
  }

  private static void refuseOthers(Map<Key, Value> values, String rule, Key... allowed)
      throws ConfigurationException {
    for (Map.Entry<Key, Value> entry : values.entrySet()) {
      if (!Arrays.asList(allowed).contains(entry.getKey())) {
        throw new ConfigurationException(entry.getValue().origin() + ": " + rule);
      }
    }
  }

  /** Two stores in one place would take each other's objects for orphans. */
  private static void requireApart(Map<String, StoreSettings> stores)
      throws ConfigurationException {
    Map<String, String> places = new HashMap<>();
    for (Map.Entry<String, StoreSettings> store : stores.entrySet()) {
      String place =
          switch (store.getValue()) {
            case StoreSettings.Disk(Path path) -> path + "/";
            case StoreSettings.S3(S3Settings s3) ->
                s3.endpoint() + " " + s3.bucket() + " " + s3.prefix();
          };
      for (Map.Entry<String, String> other : places.entrySet()) {
        if (place.startsWith(other.getValue()) || other.getValue().startsWith(place)) {
          throw new ConfigurationException(
              "%s%s and %s%s are in one place: give each a folder, bucket or prefix of its own, none within the other"
                  .formatted(SECTION, other.getKey(), SECTION, store.getKey()));
        }
      }
      places.put(store.getKey(), place);
    }
  }
}
