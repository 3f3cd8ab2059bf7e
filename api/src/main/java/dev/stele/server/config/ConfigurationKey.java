package dev.stele.server.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Every key of the configuration. */
enum ConfigurationKey {
  LISTEN("listen", "HOST:PORT to listen on"),
  DATA("data", "the folder where everything is kept"),
  HTPASSWD("htpasswd", "a file with users and bcrypt hashes"),
  DATABASE_URL("database.url", "a JDBC URL, jdbc:postgresql://HOST/DATABASE"),
  DATABASE_USER("database.user", "the owner of the database's schema"),
  DATABASE_PASSWORD("database.password", "that user's password"),
  MANIFESTS_SPARSE(
      "manifests.sparse",
      "true or false: whether manifests may refer to content that the repository lacks"),
  MANIFESTS_MAX_SIZE(
      "manifests.max-size", "the largest manifest that is accepted, 1KiB to 64MiB, such as 4MiB");

  private final String path;
  private final String meaning;

  ConfigurationKey(String path, String meaning) {
    this.path = path;
    this.meaning = meaning;
  }

  /** As written in the file, with dots. */
  String path() {
    return path;
  }

  String meaning() {
    return meaning;
  }

  /** As an environment variable: {@code STELE_} and the path in upper snake case. */
  String variable() {
    return "STELE_" + path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  static Optional<ConfigurationKey> ofPath(String path) {
    return Arrays.stream(values()).filter(key -> key.path.equals(path)).findFirst();
  }

  static Optional<ConfigurationKey> ofVariable(String name) {
    return Arrays.stream(values()).filter(key -> key.variable().equals(name)).findFirst();
  }
}
