package dev.stele.server.config;

import static dev.stele.server.config.ConfigurationKey.anyText;
import static dev.stele.server.config.ConfigurationKey.choice;
import static dev.stele.server.config.ConfigurationKey.duration;
import static dev.stele.server.config.ConfigurationKey.number;
import static dev.stele.server.config.ConfigurationKey.path;
import static dev.stele.server.config.ConfigurationKey.text;
import static dev.stele.server.config.ConfigurationKey.truth;

import dev.stele.blob.BlobStores;
import dev.stele.blob.S3Settings;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads {@code stores.<name>.<key>}: the blob stores, of which {@code default} takes every
 * repository that no other store's name claims by its first path segment.
 */
final class StoresReader {
  private static final String SECTION = "stores.";

  /** What a store is made of. */
  enum Type {
    DISK,
    S3
  }

  static final ConfigurationKey<Type> TYPE = choice("type", "disk or s3", Type.class, Type.DISK);

  private static final ConfigurationKey<Path> PATH =
      path("path", "the folder of a store of type disk");

  /** Every key of a store, of whichever type. */
  static final List<ConfigurationKey<?>> KEYS =
      ConfigurationValues.asked(
          values -> {
            StoresReader reader = new StoresReader(values, List.of());
            reader.settings("");
            reader.disk("");
            reader.s3("");
          });

  private final ConfigurationValues values;
  private final NamedSections sections;

  StoresReader(ConfigurationValues values) {
    this(values, KEYS);
  }

  private StoresReader(ConfigurationValues values, List<ConfigurationKey<?>> keys) {
    this.values = values;
    this.sections = new NamedSections(values, "stores", "a store", keys);
  }

  NamedSections sections() {
    return sections;
  }

  /**
   * The stores by name, those that can be used. The default one is a folder in the data folder if
   * nothing is said of it.
   */
  Map<String, StoreSettings> build(Path data) {
    Map<String, StoreSettings> built = new TreeMap<>();
    if (!sections.names().contains(BlobStores.DEFAULT)) {
      Path folder = data.toAbsolutePath().normalize().resolve("blobs");
      values.note(
          new Setting(SECTION + BlobStores.DEFAULT + ".path", folder.toString(), Setting.DEFAULT));
      built.put(BlobStores.DEFAULT, new StoreSettings.Disk(folder));
    }
    for (String name : sections.names()) {
      checkName(name);
      settings(sections.section(name)).ifPresent(settings -> built.put(name, settings));
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
    int problems = values.problemCount();
    Optional<Type> type = sections.required(section, TYPE);
    if (values.problemCount() > problems) {
      // What else is said of it depends on the type.
      return Optional.empty();
    }
    return switch (type.orElseThrow()) {
      case DISK -> disk(section);
      case S3 -> s3(section);
    };
  }

  private Optional<StoreSettings> disk(String section) {
    for (ConfigurationKey<?> key : sections.keys()) {
      String path = section + key.path();
      if (values.has(path) && !key.equals(TYPE) && !key.equals(PATH)) {
        values.problem(values.origin(path) + ": a store of type disk has only type and path");
      }
    }
    return sections
        .required(section, PATH)
        .map(path -> new StoreSettings.Disk(path.toAbsolutePath().normalize()));
  }

  private Optional<StoreSettings> s3(String section) {
    int problems = values.problemCount();
    Optional<String> endpoint =
        sections.required(
            section,
            text("endpoint", "the S3 service, such as https://s3.eu-central-1.amazonaws.com"));
    Optional<String> bucket =
        sections.required(section, text("bucket", "the bucket, which must exist"));
    String region =
        values.get(section, text("region", "the bucket's region").withDefault("us-east-1"));
    Optional<String> accessKey =
        values.find(section, text("access-key", "the access key; without it, what AWS tools find"));
    Optional<String> secretKey =
        values.find(section, text("secret-key", "the secret key").asSecret());
    boolean pathStyle =
        values.get(section, truth("path-style", "whether the bucket is named in the path", true));
    String prefix =
        values.get(
            section,
            anyText("prefix", "put before every object's key, ending with '/'").withDefault(""));
    boolean redirect =
        values.get(
            section,
            truth(
                "redirect",
                "whether clients get the bytes of blobs from the bucket itself",
                false));
    S3Settings.Patience patience =
        new S3Settings.Patience(
            values.get(
                section,
                duration(
                    "connect-timeout",
                    "how long an attempt to connect to the service may take",
                    S3Settings.Patience.DEFAULT.connectTimeout(),
                    Duration.ofMillis(100),
                    Duration.ofMinutes(1))),
            values.get(
                section,
                duration(
                    "read-timeout",
                    "how long the service may be silent while its answer is due",
                    S3Settings.Patience.DEFAULT.readTimeout(),
                    Duration.ofMillis(100),
                    Duration.ofMinutes(10))),
            values.get(
                section,
                number(
                    "retries",
                    "how often a failed request to the service is repeated",
                    S3Settings.Patience.DEFAULT.retries(),
                    0,
                    20)));
    String path = section + PATH.path();
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
}
