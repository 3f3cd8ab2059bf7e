package dev.stele.server.config;

import dev.stele.server.ListenAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What an operator has configured.
 *
 * @param data the folder for everything that is kept locally
 * @param htpasswd users with bcrypt hashes; absent: no authentication
 * @param database absent: an embedded PostgreSQL in the data folder
 * @param stores by name; without {@code default}, that is a folder in the data folder
 */
public record Configuration(
    ListenAddress listen,
    Path data,
    Optional<Path> htpasswd,
    Optional<DatabaseAddress> database,
    Map<String, StoreSettings> stores,
    ManifestRules manifests) {

  /** A PostgreSQL that somebody else runs. */
  public record DatabaseAddress(String url, String user, String password) {
    /** Does not show the password. */
    @Override
    public String toString() {
      return url + " as " + user;
    }
  }

  /**
   * Which manifests are accepted.
   *
   * @param sparse whether they may refer to content that the repository lacks
   * @param maxSize of one; a manifest is held in memory while it is put
   */
  public record ManifestRules(boolean sparse, DataSize maxSize) {
    static final DataSize SMALLEST_LIMIT = DataSize.ofKibibytes(1);
    static final DataSize LARGEST_LIMIT = DataSize.ofMebibytes(64);

    /** Nothing sparse, and the 4 MiB that the distribution specification asks for. */
    public static final ManifestRules DEFAULT = new ManifestRules(false, DataSize.ofMebibytes(4));
  }

  /** The same with what the command line says instead. */
  public Configuration with(Optional<ListenAddress> otherListen, Optional<Path> otherData) {
    return new Configuration(
        otherListen.orElse(listen), otherData.orElse(data), htpasswd, database, stores, manifests);
  }
}
