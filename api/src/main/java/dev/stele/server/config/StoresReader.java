package dev.stele.server.config;

import dev.stele.blob.BlobStores;
import dev.stele.blob.S3Settings;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads {@code stores.<name>.<key>}: the blob stores, of which {@code default} takes every
 * repository that no other store's name claims by its first path segment.
 */
final class StoresReader {
  private static final String SECTION = "stores.";

  private final ConfigurationValues values;
  private final NamedSections sections;

  StoresReader(ConfigurationValues values) {
    this.values = values;
    this.sections = new NamedSections(values, "stores", "a store", StoreKeys.ALL);
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
    return sections
        .required(section, StoreKeys.PATH)
        .map(path -> new StoreSettings.Disk(path.toAbsolutePath().normalize()));
  }

  private Optional<StoreSettings> s3(String section) {
    int problems = values.problemCount();
    Optional<String> endpoint = sections.required(section, StoreKeys.ENDPOINT);
    Optional<String> bucket = sections.required(section, StoreKeys.BUCKET);
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
}
