package dev.stele.server;

import dev.stele.blob.InsufficientStorageException;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.policy.AccessPolicy;
import dev.stele.server.audit.CloudEvents;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.auth.SignInSettings;
import dev.stele.server.config.Configuration;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.TrustedProxies;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How the server behaves towards its clients.
 *
 * @param listen where it listens; port 0 takes any free one
 * @param signIn who vouches for users; nobody: everybody is anonymous
 * @param access who may do what; without a policy, whoever may come in may do everything
 * @param tls absent: what is sent can be read on its way
 * @param insecure what is accepted beyond loopback
 * @param local what lets the command line of this machine in, if anything does
 * @param maxManifestSize in bytes; the specification asks for 4 MiB at least
 * @param deletion whether tags, manifests and blobs may be deleted
 * @param proxies whom to believe what they say about clients
 * @param prefix below which path it is reached, too
 * @param audit how much questions to the record may take
 * @param cloudEvents how events look as CloudEvents
 * @param room is asked before each push: on the disk of the database, where that is known
 */
public record ServerSettings(
    ListenAddress listen,
    SignInSettings signIn,
    Optional<AccessPolicy> access,
    Optional<TlsFiles> tls,
    Set<Configuration.Exposure> insecure,
    Optional<LocalCredential> local,
    int maxManifestSize,
    boolean deletion,
    Configuration.HttpLimits limits,
    TrustedProxies proxies,
    PathPrefix prefix,
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
        SignInSettings.NONE,
        Optional.empty(),
        Optional.empty(),
        Set.of(),
        Optional.empty(),
        4 << 20,
        true,
        Configuration.HttpLimits.DEFAULT,
        TrustedProxies.NONE,
        PathPrefix.NONE,
        Configuration.AuditLimits.DEFAULT,
        new CloudEvents(Optional.empty()),
        () -> {});
  }

  /** As configured. */
  public static ServerSettings of(Configuration configuration) {
    return new ServerSettings(
        configuration.listen(),
        configuration.signIn(),
        configuration.access(),
        configuration.tls(),
        configuration.insecure(),
        Optional.empty(),
        Math.toIntExact(configuration.manifests().maxSize().bytes()),
        true,
        configuration.http(),
        configuration.proxies(),
        configuration.pathPrefix(),
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

  /** Whether anybody is asked who they are. */
  public boolean canSignIn() {
    return signIn.isPresent() || tls.flatMap(TlsFiles::clients).isPresent();
  }

  private ServerSettings with(Consumer<Draft> change) {
    Draft draft = new Draft();
    draft.signIn = signIn;
    draft.access = access;
    draft.tls = tls;
    draft.local = local;
    draft.deletion = deletion;
    draft.limits = limits;
    draft.proxies = proxies;
    draft.prefix = prefix;
    draft.audit = audit;
    change.accept(draft);
    return new ServerSettings(
        listen,
        draft.signIn,
        draft.access,
        draft.tls,
        insecure,
        draft.local,
        maxManifestSize,
        draft.deletion,
        draft.limits,
        draft.proxies,
        draft.prefix,
        draft.audit,
        cloudEvents,
        room);
  }

  /** What can be changed. */
  private static final class Draft {
    private SignInSettings signIn;
    private Optional<AccessPolicy> access;
    private Optional<TlsFiles> tls;
    private Optional<LocalCredential> local;
    private boolean deletion;
    private Configuration.HttpLimits limits;
    private TrustedProxies proxies;
    private PathPrefix prefix;
    private Configuration.AuditLimits audit;
  }

  /** The same with an htpasswd file. */
  public ServerSettings withHtpasswd(Optional<Path> file) {
    return with(draft -> draft.signIn = signIn.withHtpasswd(file));
  }

  /** The same, where others vouch for users. */
  public ServerSettings withSignIn(SignInSettings others) {
    return with(draft -> draft.signIn = others);
  }

  /** The same under an access policy. */
  public ServerSettings withAccess(Optional<AccessPolicy> policy) {
    return with(draft -> draft.access = policy);
  }

  /** The same with TLS. */
  public ServerSettings withTls(TlsFiles files) {
    return with(draft -> draft.tls = Optional.of(files));
  }

  /** The same, and the command line of this machine is let in by a credential. */
  public ServerSettings withLocal(LocalCredential credential) {
    return with(draft -> draft.local = Optional.of(credential));
  }

  /** The same with deletion switched on or off. */
  public ServerSettings withDeletion(boolean on) {
    return with(draft -> draft.deletion = on);
  }

  /** The same with other limits. */
  public ServerSettings withLimits(Configuration.HttpLimits others) {
    return with(draft -> draft.limits = others);
  }

  /** The same behind proxies. */
  public ServerSettings withProxies(TrustedProxies trusted) {
    return with(draft -> draft.proxies = trusted);
  }

  /** The same below a path, too. */
  public ServerSettings withPrefix(PathPrefix path) {
    return with(draft -> draft.prefix = path);
  }

  /** The same with other limits on questions to the record. */
  public ServerSettings withAudit(Configuration.AuditLimits others) {
    return with(draft -> draft.audit = others);
  }
}
