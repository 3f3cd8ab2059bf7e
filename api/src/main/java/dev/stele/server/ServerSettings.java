package dev.stele.server;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How the server behaves towards its clients.
 *
 * @param listen where it listens; port 0 takes any free one
 * @param htpasswd the file with users and bcrypt hashes; absent: everybody is anonymous
 * @param maxManifestSize in bytes; the specification asks for 4 MiB at least
 * @param deletion whether tags, manifests and blobs may be deleted
 * @param maxUploads how many request bodies may arrive at once; more are told to try again
 * @param idleTimeout after which a silent connection is closed
 * @param drainTime how long a stopping server lets requests in flight finish
 */
public record ServerSettings(
    ListenAddress listen,
    Optional<Path> htpasswd,
    int maxManifestSize,
    boolean deletion,
    int maxUploads,
    Duration idleTimeout,
    Duration drainTime) {

  /** Without authentication, with the limits that suit most. */
  public static ServerSettings on(ListenAddress listen) {
    return new ServerSettings(
        listen,
        Optional.empty(),
        4 << 20,
        true,
        1_000,
        Duration.ofMinutes(2),
        Duration.ofSeconds(30));
  }

  /** The same with an htpasswd file. */
  public ServerSettings withHtpasswd(Optional<Path> file) {
    return new ServerSettings(
        listen, file, maxManifestSize, deletion, maxUploads, idleTimeout, drainTime);
  }

  /** The same with another limit on the size of a manifest, in bytes. */
  public ServerSettings withMaxManifestSize(int bytes) {
    return new ServerSettings(
        listen, htpasswd, bytes, deletion, maxUploads, idleTimeout, drainTime);
  }

  /** The same with deletion switched on or off. */
  public ServerSettings withDeletion(boolean on) {
    return new ServerSettings(
        listen, htpasswd, maxManifestSize, on, maxUploads, idleTimeout, drainTime);
  }

  /** The same with another drain time. */
  public ServerSettings withDrainTime(Duration time) {
    return new ServerSettings(
        listen, htpasswd, maxManifestSize, deletion, maxUploads, idleTimeout, time);
  }
}
