package dev.stele.server.config;

import dev.stele.blob.BlobStores;
import dev.stele.blob.S3Settings;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Reads {@code stores.<name>.<key>}: the blob stores, of which {@code default} takes every
 * repository that no other store's name claims by its first path segment. In the environment a name
 * is written in upper case, with '_' for '-' and '.'.
 */
final class StoresReader {
  private static final String SECTION = "stores.";
  private static final String VARIABLES = "STELE_STORES_";

  private final ConfigurationValues values;
  private final TreeSet<String> names = new TreeSet<>();

  StoresReader(ConfigurationValues values) {
    this.values = values;
  }

  /** Whether the path is below {@code stores}. */
  static boolean claims(String path) {
    return path.startsWith(SECTION);
  }

  static boolean claimsVariable(String name) {
    return name.startsWith(VARIABLES);
  }

  /** Takes a key of the file. */
  void set(String path, String text, String origin) {
    String rest = path.substring(SECTION.length());
    int dot = rest.lastIndexOf('.');
    if (dot <= 0 || StoreKeys.named(rest.substring(dot + 1)).isEmpty()) {
      values.problem(
          origin
              + ": unknown key; a store has "
              + StoreKeys.ALL.stream()
                  .map(known -> SECTION + "<name>." + known.path())
                  .collect(Collectors.joining(", ")));
      return;
    }
    names.add(rest.substring(0, dot));
    values.put(path, text, origin);
  }

  /** Takes a variable of the environment, after all keys of the file. */
  void setVariable(String variable, String text) {
    String rest = variable.substring(VARIABLES.length());
    for (ConfigurationKey<?> key : StoreKeys.ALL) {
      String suffix = StoreKeys.suffix(key);
      if (rest.endsWith(suffix) && rest.length() > suffix.length()) {
        String name = storeOf(rest.substring(0, rest.length() - suffix.length()));
        names.add(name);
        values.put(SECTION + name + "." + key.path(), text, variable);
        return;
      }
    }
    values.problem(
        "unknown environment variable "
            + variable
            + "; a store has "
            + StoreKeys.ALL.stream()
                .map(known -> VARIABLES + "<NAME>" + StoreKeys.suffix(known))
                .collect(Collectors.joining(", ")));
  }

  private String storeOf(String upperSnake) {
    return names.stream()
        .filter(name -> ConfigurationKey.upperSnake(name).equals(upperSnake))
        .findFirst()
        .orElse(upperSnake.toLowerCase(Locale.ROOT).replace('_', '-'));
  }

  /**
   * The stores by name, those that can be used. The default one is a folder in the data folder if
   * nothing is said of it.
   */
  Map<String, StoreSettings> build(Path data) {
    Map<String, StoreSettings> built = new TreeMap<>();
    if (!names.contains(BlobStores.DEFAULT)) {
      Path folder = data.toAbsolutePath().normalize().resolve("blobs");
      values.note(
          new Setting(SECTION + BlobStores.DEFAULT + ".path", folder.toString(), Setting.DEFAULT));
      built.put(BlobStores.DEFAULT, new StoreSettings.Disk(folder));
    }
    for (String name : names) {
      checkName(name);
      settings(SECTION + name + ".").ifPresent(settings -> built.put(name, settings));
    }
    StorePlaces.problems(built).forEach(values::problem);
    return built;
  }

  private void checkName(String name) {
    try {
      if (!name.equals(BlobStores.DEFAULT)
          && !RepositoryName.parse(name + "/x").routePrefix().equals(name)) {
        values.problem(SECTION + name + ": a store takes one path segment, without '/'");
      }
    } catch (InvalidNameException e) {
      values.problem(
          SECTION
              + name
              + ": a store is named default, or like the first segment of the repositories it"
              + " takes");
    }
  }

  private Optional<StoreSettings> settings(String section) {
    String typePath = section + StoreKeys.TYPE.path();
    if (!values.has(typePath)) {
      values.problem(typePath + " is missing: " + StoreKeys.TYPE.meaning());
      return Optional.empty();
    }
    int problems = values.problemCount();
    StoreKeys.Type type = values.find(section, StoreKeys.TYPE).orElseThrow();
    if (values.problemCount() > problems) {
      // What else is said of it depends on the type.
      return Optional.empty();
    }
    return switch (type) {
      case DISK -> disk(section);
      case S3 -> s3(section);
    };
  }

  private Optional<StoreSettings> disk(String section) {
    for (ConfigurationKey<?> key : StoreKeys.ALL) {
      String path = section + key.path();
      if (values.has(path) && !StoreKeys.OF_DISK.contains(key)) {
        values.problem(values.origin(path) + ": a store of type disk has only type and path");
      }
    }
    return required(section, StoreKeys.PATH)
        .map(path -> new StoreSettings.Disk(path.toAbsolutePath().normalize()));
  }

  private Optional<StoreSettings> s3(String section) {
    int problems = values.problemCount();
    Optional<String> endpoint = required(section, StoreKeys.ENDPOINT);
    Optional<String> bucket = required(section, StoreKeys.BUCKET);
    String region = values.find(section, StoreKeys.REGION).orElseThrow();
    Optional<String> accessKey = values.find(section, StoreKeys.ACCESS_KEY);
    Optional<String> secretKey = values.find(section, StoreKeys.SECRET_KEY);
    boolean pathStyle = values.find(section, StoreKeys.PATH_STYLE).orElseThrow();
    String prefix = values.find(section, StoreKeys.PREFIX).orElseThrow();
    boolean redirect = values.find(section, StoreKeys.REDIRECT).orElseThrow();
    S3Settings.Patience patience =
        new S3Settings.Patience(
            values.find(section, StoreKeys.CONNECT_TIMEOUT).orElseThrow(),
            values.find(section, StoreKeys.READ_TIMEOUT).orElseThrow(),
            values.find(section, StoreKeys.RETRIES).orElseThrow());
    String path = section + StoreKeys.PATH.path();
    if (values.has(path)) {
      values.problem(values.origin(path) + ": a store of type s3 has no path; it has a prefix");
    }
    if (accessKey.isPresent() != secretKey.isPresent()) {
      values.problem(section + "access-key and " + section + "secret-key go together");
    }
    if (values.problemCount() > problems) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new StoreSettings.S3(
              new S3Settings(
                  URI.create(endpoint.orElseThrow()),
                  bucket.orElseThrow(),
                  region,
                  accessKey.map(
                      access -> new S3Settings.Credentials(access, secretKey.orElseThrow())),
                  pathStyle,
                  prefix,
                  S3Settings.defaultPartMemory(),
                  patience),
              redirect));
    } catch (IllegalArgumentException e) {
      values.problem(section.substring(0, section.length() - 1) + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  private <T> Optional<T> required(String section, ConfigurationKey<T> key) {
    String path = section + key.path();
    if (!values.has(path)) {
      values.problem(path + " is missing: " + key.meaning());
      return Optional.empty();
    }
    return values.find(section, key);
  }
}
