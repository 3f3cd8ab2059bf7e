package dev.stele.server.config;

import dev.stele.blob.DiskLimits;
import dev.stele.gc.GcOptions;
import dev.stele.merkle.TrustPolicy;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.RobotKeyLifetime;
import dev.stele.server.ListenAddress;
import dev.stele.server.TlsFiles;
import dev.stele.server.auth.SignInSettings;
import dev.stele.server.evidence.TimeStampSettings;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.TrustedProxies;
import dev.stele.server.syslog.SyslogSettings;
import dev.stele.server.webhook.WebhookSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an operator has configured.
 *
 * @param data the folder for everything that is kept locally
 * @param signIn who vouches for users; nobody: no authentication
 * @param access who may do what; absent: whoever may come in may do everything
 * @param tls absent: what is sent can be read on its way
 * @param insecure what is accepted beyond loopback
 * @param database absent: an embedded PostgreSQL in the data folder
 * @param stores by name; {@code default} is always there
 * @param disk how much the folders of local disks may be asked to take
 * @param immutableTags which tags clients may neither move nor delete
 * @param proxies whom to believe what they say about clients
 * @param pathPrefix below which path the server is reached, too
 * @param robotKeys for how long keys of robots count
 * @param clockTolerance how far clocks may be apart before appending stops
 * @param evidence how the log is signed
 * @param eventSource names this registry in CloudEvents; absent: the log's identity does
 * @param webhooks by name
 * @param syslog where events are sent as syslog messages, by name
 */
public record Configuration(
    ListenAddress listen,
    Path data,
    SignInSettings signIn,
    Optional<AccessPolicy> access,
    Optional<TlsFiles> tls,
    Set<Exposure> insecure,
    Optional<DatabaseAddress> database,
    DatabaseLimits databaseLimits,
    Map<String, StoreSettings> stores,
    DiskLimits disk,
    ManifestRules manifests,
    ImmutableTags immutableTags,
    HttpLimits http,
    TrustedProxies proxies,
    PathPrefix pathPrefix,
    AuditLimits audit,
    RobotKeyLifetime robotKeys,
    Duration clockTolerance,
    Evidence evidence,
    GcOptions gc,
    LogFormat logFormat,
    RetentionPolicy retention,
    PullRecording pulls,
    boolean accesses,
    Optional<String> eventSource,
    Map<String, WebhookSettings> webhooks,
    Map<String, SyslogSettings> syslog) {

  /** Whether anybody is asked who they are. */
  public boolean canSignIn() {
    return signIn.isPresent() || tls.flatMap(TlsFiles::clients).isPresent();
  }

  /** What a server that others can reach does not do without an explicit choice. */
  public enum Exposure {
    /** To serve without TLS. */
    HTTP,
    /** To serve without authentication. */
    ANONYMOUS
  }

  /**
   * How the log is signed.
   *
   * @param keys the file with the keys; made with new ones if it is not there
   * @param name what the log is called, in new keys; absent: something that no other log is
   * @param witnesses who is asked to cosign what is signed, each with an address, and how many must
   * @param timeStamps who is asked to say when what was signed was there, if anybody is
   */
  public record Evidence(
      Path keys,
      Optional<String> name,
      TrustPolicy witnesses,
      Optional<TimeStampSettings> timeStamps) {}

  /** A PostgreSQL that somebody else runs. */
  public record DatabaseAddress(String url, String user, String password) {
    /** Does not show the password. */
    @Override
    public String toString() {
      return url + " as " + user;
    }
  }

  /**
   * How much is asked of the database, whoever runs it.
   *
   * @param poolSize the most connections for pushes and pulls
   * @param auditPoolSize the most connections for questions about the record and for what goes on
   *     by itself
   * @param connectTimeout how long a request waits for a connection
   * @param statementTimeout how long a statement of a request may take
   */
  public record DatabaseLimits(
      int poolSize, int auditPoolSize, Duration connectTimeout, Duration statementTimeout) {
    public static final DatabaseLimits DEFAULT =
        new DatabaseLimits(16, 8, Duration.ofSeconds(5), Duration.ofSeconds(30));
  }

  /**
   * Which manifests are accepted.
   *
   * @param sparse whether they may refer to content that the repository lacks
   * @param maxSize of one; a manifest is held in memory while it is put
   * @param maxDescriptors how many descriptors one may list
   * @param collisionDetection whether one under several tags may not be deleted by its digest
   * @param mandatoryAnnotations what every image must have, in its manifest or as labels
   */
  public record ManifestRules(
      boolean sparse,
      DataSize maxSize,
      int maxDescriptors,
      boolean collisionDetection,
      List<String> mandatoryAnnotations) {
    /** Nothing sparse, and the 4 MiB that the distribution specification asks for. */
    public static final ManifestRules DEFAULT =
        new ManifestRules(
            false,
            DataSize.ofMebibytes(4),
            RegistryOptions.DEFAULT.mostDescriptors(),
            false,
            List.of());
  }

  /**
   * What clients may ask of the server.
   *
   * @param maxHeaderSize of a request's first line and headers together
   * @param maxBodySize of a request; a blob may come in several
   * @param maxUploads how many requests that write may run at once; more are told to try again
   * @param maxStreams how many streams of events may be open at once; more are told to try again
   * @param idleTimeout after which a silent connection is closed
   * @param maxConnections how many connections may be open; more wait to be accepted
   * @param minRate bytes a second that a body must bring, after a minute
   * @param drainTime how long a stopping server lets requests in flight finish
   * @param requests how many requests a caller may send; more are told to try again
   */
  public record HttpLimits(
      DataSize maxHeaderSize,
      DataSize maxBodySize,
      int maxUploads,
      int maxStreams,
      Duration idleTimeout,
      Duration drainTime,
      int maxConnections,
      DataSize minRate,
      RequestLimit requests) {
    public static final HttpLimits DEFAULT =
        new HttpLimits(
            DataSize.ofKibibytes(32),
            DataSize.ofGibibytes(1024),
            1_000,
            500,
            Duration.ofMinutes(2),
            Duration.ofSeconds(30),
            10_000,
            DataSize.ofKibibytes(1),
            RequestLimit.NONE);
  }

  /**
   * How many requests a caller may send to a node.
   *
   * @param perSecond on average; 0: as many as they like
   * @param burst at once, after a pause
   */
  public record RequestLimit(int perSecond, int burst) {
    /** As many as they like. */
    public static final RequestLimit NONE = new RequestLimit(0, 500);

    /** Whether there is a limit. */
    public boolean isSet() {
      return perSecond > 0;
    }
  }

  /**
   * How much questions to the record may take, so that pushes and pulls go on beside them.
   *
   * @param threads how many are answered at once
   * @param waiting how many more wait for that; others are told to try again
   * @param deadline how long one may take, with waiting; then it is stopped
   */
  public record AuditLimits(int threads, int waiting, Duration deadline) {
    /** Fewer threads than {@link DatabaseLimits#auditPoolSize}, of which views need some. */
    public static final AuditLimits DEFAULT = new AuditLimits(4, 64, Duration.ofMinutes(1));
  }
}
