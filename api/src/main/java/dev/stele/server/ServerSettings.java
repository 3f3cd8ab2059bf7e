package dev.stele.server;

import dev.stele.blob.InsufficientStorageException;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.policy.AccessPolicy;
import dev.stele.server.audit.CloudEvents;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.config.Configuration;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How the server behaves towards its clients.
 *
 * @param listen where it listens; port 0 takes any free one
 * @param htpasswd the file with users and bcrypt hashes; absent: everybody is anonymous
 * @param access who may do what; without a policy, whoever may come in may do everything
 * @param local what lets the command line of this machine in, if anything does
 * @param maxManifestSize in bytes; the specification asks for 4 MiB at least
 * @param deletion whether tags, manifests and blobs may be deleted
 * @param audit how much questions to the record may take
 * @param cloudEvents how events look as CloudEvents
 * @param room is asked before each push: on the disk of the database, where that is known
 */
public record ServerSettings(
    ListenAddress listen,
    Optional<Path> htpasswd,
    Optional<AccessPolicy> access,
    Optional<LocalCredential> local,
    int maxManifestSize,
    boolean deletion,
    Configuration.HttpLimits limits,
    Configuration.AuditLimits audit,
    CloudEvents cloudEvents,
    Room room) {

  /** Whether there is room for writes. */
  @FunctionalInterface
  public interface Room {
    /**
     * @throws InsufficientStorageException if there is none
     */
    void require() throws InsufficientStorageException;
  }

  /** Without authentication, with the limits that suit most. */
  public static ServerSettings on(ListenAddress listen) {
    return new ServerSettings(
        listen,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        4 << 20,
        true,
        Configuration.HttpLimits.DEFAULT,
        Configuration.AuditLimits.DEFAULT,
        new CloudEvents(Optional.empty()),
        () -> {});
  }

  /** As configured. */
  public static ServerSettings of(Configuration configuration) {
    return new ServerSettings(
        configuration.listen(),
        configuration.htpasswd(),
        configuration.access(),
        Optional.empty(),
        Math.toIntExact(configuration.manifests().maxSize().bytes()),
        true,
        configuration.http(),
        configuration.audit(),
        new CloudEvents(configuration.eventSource()),
        room(configuration));
  }

  private static Room room(Configuration configuration) {
    Path data = configuration.data().toAbsolutePath().normalize();
    return configuration.database().isPresent()
        ? () -> {}
        : () ->
            configuration
                .disk()
                .requireRoom(data, EmbeddedPostgres.missingRoom(data.resolve("postgresql")));
  }

  /** The same with an htpasswd file. */
  public ServerSettings withHtpasswd(Optional<Path> file) {
    return new ServerSettings(
        listen, file, access, local, maxManifestSize, deletion, limits, audit, cloudEvents, room);
  }

  /** The same under an access policy. */
  public ServerSettings withAccess(Optional<AccessPolicy> policy) {
    return new ServerSettings(
        listen,
        htpasswd,
        policy,
        local,
        maxManifestSize,
        deletion,
        limits,
        audit,
        cloudEvents,
        room);
  }

  /** The same, and the command line of this machine is let in by a credential. */
  public ServerSettings withLocal(LocalCredential credential) {
    return new ServerSettings(
        listen,
        htpasswd,
        access,
        Optional.of(credential),
        maxManifestSize,
        deletion,
        limits,
        audit,
        cloudEvents,
        room);
  }

  /** The same with deletion switched on or off. */
  public ServerSettings withDeletion(boolean on) {
    return new ServerSettings(
        listen, htpasswd, access, local, maxManifestSize, on, limits, audit, cloudEvents, room);
  }

  /** The same with other limits. */
  public ServerSettings withLimits(Configuration.HttpLimits others) {
    return new ServerSettings(
        listen,
        htpasswd,
        access,
        local,
        maxManifestSize,
        deletion,
        others,
        audit,
        cloudEvents,
        room);
  }

  /** The same with other limits on questions to the record. */
  public ServerSettings withAudit(Configuration.AuditLimits others) {
    return new ServerSettings(
        listen,
        htpasswd,
        access,
        local,
        maxManifestSize,
        deletion,
        limits,
        others,
        cloudEvents,
        room);
  }
}
