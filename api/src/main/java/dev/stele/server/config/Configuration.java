package dev.stele.server.config;

import dev.stele.server.ListenAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What an operator has configured.
 *
 * @param data the folder for everything that is kept locally
 * @param htpasswd users with bcrypt hashes; absent: no authentication
 * @param database absent: an embedded PostgreSQL in the data folder
 */
public record Configuration(
    ListenAddress listen, Path data, Optional<Path> htpasswd, Optional<DatabaseAddress> database) {

  /** A PostgreSQL that somebody else runs. */
  public record DatabaseAddress(String url, String user, String password) {
    /** Does not show the password. */
    @Override
    public String toString() {
      return url + " as " + user;
    }
  }

  /** The same with what the command line says instead. */
  public Configuration with(Optional<ListenAddress> otherListen, Optional<Path> otherData) {
    return new Configuration(
        otherListen.orElse(listen), otherData.orElse(data), htpasswd, database);
  }
}
