package dev.stele.server.config;

import dev.stele.blob.DiskLimits;
import dev.stele.gc.CollectingWindow;
import dev.stele.gc.GcOptions;
import dev.stele.log.ClockWatch;
import dev.stele.policy.Reason;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RegistryOptions;
import dev.stele.server.ListenAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Every key that stands by itself; those of a store are in {@link StoreKeys}, of a webhook in
 * {@link WebhookKeys}.
 */
final class ConfigurationKeys {
  static final ConfigurationKey<ListenAddress> LISTEN =
      new ConfigurationKey<>(
          "listen",
          "HOST:PORT to listen on",
          ListenAddress::parse,
          ListenAddress::toString,
          Optional.of(ListenAddress.DEFAULT),
          false);

  static final ConfigurationKey<Path> DATA =
      ConfigurationKey.path("data", "the folder where everything is kept")
          .withDefault(Path.of("stele-data"));

  static final ConfigurationKey<Path> HTPASSWD =
      ConfigurationKey.path("htpasswd", "a file with users and bcrypt hashes");

  static final ConfigurationKey<String> DATABASE_URL =
      new ConfigurationKey<>(
          "database.url",
          "a JDBC URL, jdbc:postgresql://HOST/DATABASE",
          ConfigurationKeys::jdbcUrl,
          // A password may be among the URL's parameters.
          url -> url.replaceAll("(?i)(password=)[^&]*", "$1******"),
          Optional.empty(),
          false);

  static final ConfigurationKey<String> DATABASE_USER =
      ConfigurationKey.text("database.user", "the owner of the database's schema");

  static final ConfigurationKey<String> DATABASE_PASSWORD =
      ConfigurationKey.anyText("database.password", "that user's password").asSecret();

  static final ConfigurationKey<Integer> DATABASE_POOL_SIZE =
      ConfigurationKey.number(
          "database.pool-size",
          "the most connections for pushes and pulls",
          Configuration.DatabaseLimits.DEFAULT.poolSize(),
          2,
          1_000);

  static final ConfigurationKey<Integer> DATABASE_AUDIT_POOL_SIZE =
      ConfigurationKey.number(
          "database.audit-pool-size",
          "the most connections for all other work",
          Configuration.DatabaseLimits.DEFAULT.auditPoolSize(),
          2,
          1_000);

  static final ConfigurationKey<Duration> DATABASE_CONNECT_TIMEOUT =
      ConfigurationKey.duration(
          "database.connect-timeout",
          "how long a request waits for a connection",
          Configuration.DatabaseLimits.DEFAULT.connectTimeout(),
          Duration.ofSeconds(1),
          Duration.ofMinutes(1));

  static final ConfigurationKey<Duration> DATABASE_STATEMENT_TIMEOUT =
      ConfigurationKey.duration(
          "database.statement-timeout",
          "how long a statement may take",
          Configuration.DatabaseLimits.DEFAULT.statementTimeout(),
          Duration.ofSeconds(1),
          Duration.ofHours(1));

  static final ConfigurationKey<DataSize> DISK_RESERVE =
      new ConfigurationKey<>(
          "disk.reserve",
          "how much stays free on a disk: below it pushes are refused",
          DataSize::parse,
          DataSize::toString,
          Optional.empty(),
          false);

  static final ConfigurationKey<Integer> DISK_MAX_UPLOADS =
      ConfigurationKey.number(
          "disk.max-uploads",
          "how many uploads may be open at once in a store of type disk",
          DiskLimits.DEFAULT.maxUploads(),
          1,
          1_000_000);

  static final ConfigurationKey<DataSize> DISK_MAX_UPLOAD_BYTES =
      ConfigurationKey.size(
          "disk.max-upload-bytes",
          "how much the open uploads of a store of type disk may have together",
          new DataSize(DiskLimits.DEFAULT.maxUploadBytes()),
          DataSize.ofMebibytes(1),
          DataSize.ofGibibytes(1 << 20));

  static final ConfigurationKey<Boolean> MANIFESTS_SPARSE =
      ConfigurationKey.truth(
          "manifests.sparse",
          "whether manifests may refer to content that the repository lacks",
          Configuration.ManifestRules.DEFAULT.sparse());

  static final ConfigurationKey<DataSize> MANIFESTS_MAX_SIZE =
      ConfigurationKey.size(
          "manifests.max-size",
          "the largest manifest that is accepted",
          Configuration.ManifestRules.DEFAULT.maxSize(),
          DataSize.ofKibibytes(1),
          DataSize.ofMebibytes(64));

  static final ConfigurationKey<Integer> MANIFESTS_MAX_DESCRIPTORS =
      ConfigurationKey.number(
          "manifests.max-descriptors",
          "how many descriptors a manifest may list",
          Configuration.ManifestRules.DEFAULT.maxDescriptors(),
          100,
          100_000);

  static final ConfigurationKey<Boolean> MANIFESTS_COLLISION_DETECTION =
      ConfigurationKey.truth(
          "manifests.collision-detection",
          "whether a manifest under several tags may not be deleted by its digest",
          Configuration.ManifestRules.DEFAULT.collisionDetection());

  static final ConfigurationKey<List<String>> MANIFESTS_MANDATORY_ANNOTATIONS =
      ConfigurationKey.list(
          "manifests.mandatory-annotations",
          "what every image must have among its annotations or its config's labels",
          ',',
          Function.identity(),
          Function.identity());

  static final ConfigurationKey<DataSize> HTTP_MAX_HEADER_SIZE =
      ConfigurationKey.size(
          "http.max-header-size",
          "how much a request's first line and headers may take",
          Configuration.HttpLimits.DEFAULT.maxHeaderSize(),
          DataSize.ofKibibytes(4),
          DataSize.ofMebibytes(1));

  static final ConfigurationKey<DataSize> HTTP_MAX_BODY_SIZE =
      ConfigurationKey.size(
          "http.max-body-size",
          "how much the body of one request may have",
          Configuration.HttpLimits.DEFAULT.maxBodySize(),
          DataSize.ofMebibytes(1),
          DataSize.ofGibibytes(1 << 20));

  static final ConfigurationKey<Integer> HTTP_MAX_UPLOADS =
      ConfigurationKey.number(
          "http.max-uploads",
          "how many requests that write may run at once",
          Configuration.HttpLimits.DEFAULT.maxUploads(),
          1,
          100_000);

  static final ConfigurationKey<Integer> HTTP_MAX_STREAMS =
      ConfigurationKey.number(
          "http.max-streams",
          "how many streams of events may be open at once",
          Configuration.HttpLimits.DEFAULT.maxStreams(),
          1,
          100_000);

  static final ConfigurationKey<Duration> HTTP_IDLE_TIMEOUT =
      ConfigurationKey.duration(
          "http.idle-timeout",
          "after how long a silent connection is closed",
          Configuration.HttpLimits.DEFAULT.idleTimeout(),
          Duration.ofSeconds(1),
          Duration.ofHours(1));

  static final ConfigurationKey<Duration> HTTP_DRAIN_TIME =
      ConfigurationKey.duration(
          "http.drain-time",
          "how long a stopping server lets requests in flight finish",
          Configuration.HttpLimits.DEFAULT.drainTime(),
          Duration.ofMillis(100),
          Duration.ofHours(1));

  static final ConfigurationKey<Integer> AUDIT_THREADS =
      ConfigurationKey.number(
          "audit.threads",
          "how many questions to the record are answered at once",
          Configuration.AuditLimits.DEFAULT.threads(),
          1,
          1_000);

  static final ConfigurationKey<Integer> AUDIT_WAITING =
      ConfigurationKey.number(
          "audit.waiting",
          "how many questions to the record may wait for their turn",
          Configuration.AuditLimits.DEFAULT.waiting(),
          0,
          100_000);

  static final ConfigurationKey<Duration> AUDIT_DEADLINE =
      ConfigurationKey.duration(
          "audit.deadline",
          "how long a question to the record may take",
          Configuration.AuditLimits.DEFAULT.deadline(),
          Duration.ofMillis(100),
          Duration.ofHours(1));

  static final ConfigurationKey<Duration> CLOCK_TOLERANCE =
      ConfigurationKey.duration(
          "clock.tolerance",
          "how far the clocks of the database and the node, and the log's time, may be apart",
          ClockWatch.DEFAULT_TOLERANCE,
          Duration.ofSeconds(1),
          Duration.ofDays(1));

  static final ConfigurationKey<Boolean> GC_ENABLED =
      ConfigurationKey.truth(
          "gc.enabled",
          "whether what nobody can reach any more is collected",
          GcOptions.DEFAULT.enabled());

  static final ConfigurationKey<Duration> GC_GRACE =
      ConfigurationKey.duration(
          "gc.grace",
          "how long it must have been unreachable",
          GcOptions.DEFAULT.grace(),
          Duration.ZERO,
          Duration.ofDays(3650));

  static final ConfigurationKey<Duration> GC_RECYCLE =
      ConfigurationKey.duration(
          "gc.recycle",
          "how long what was deleted or replaced stays restorable at least",
          GcOptions.DEFAULT.recycle(),
          Duration.ZERO,
          Duration.ofDays(3650));

  static final ConfigurationKey<Duration> GC_INTERVAL =
      ConfigurationKey.duration(
          "gc.interval",
          "how long from one collection to the next",
          GcOptions.DEFAULT.interval(),
          Duration.ofMillis(10),
          Duration.ofDays(365));

  static final ConfigurationKey<List<CollectingWindow>> GC_WINDOWS =
      ConfigurationKey.list(
          "gc.windows",
          "when a collection may start, in UTC, such as mon-fri 22:00-06:00",
          ';',
          CollectingWindow::parse,
          CollectingWindow::toString);

  static final ConfigurationKey<Duration> GC_PAUSE =
      ConfigurationKey.duration(
          "gc.pause",
          "how long to wait after each batch",
          GcOptions.DEFAULT.pause(),
          Duration.ZERO,
          Duration.ofMinutes(1));

  static final ConfigurationKey<Integer> GC_WORKERS =
      ConfigurationKey.number(
          "gc.workers",
          "how many threads remove objects from the stores",
          GcOptions.DEFAULT.workers(),
          1,
          256);

  static final ConfigurationKey<LogFormat> LOG_FORMAT =
      ConfigurationKey.choice("log.format", "plain or json", LogFormat.class, LogFormat.PLAIN);

  static final ConfigurationKey<Duration> RETENTION_DELAY =
      ConfigurationKey.duration(
          "retention.delay",
          "how long untagged manifests and referrers stay before they may go",
          RetentionPolicy.DEFAULT_DELAY,
          Duration.ZERO,
          Duration.ofDays(3650));

  static final ConfigurationKey<String> RETENTION_REASON =
      new ConfigurationKey<>(
          "retention.reason",
          "why the policy is what it is, for the record",
          Reason::checkLine,
          Function.identity(),
          Optional.empty(),
          false);

  static final ConfigurationKey<Boolean> RETENTION_DRY_RUN =
      ConfigurationKey.truth(
          "retention.dry-run",
          "whether what would be removed is only recorded",
          RetentionPolicy.NONE.dryRun());

  static final ConfigurationKey<PullRecording> PULLS_RECORD =
      ConfigurationKey.choice(
          "pulls.record",
          "minute, every or off",
          PullRecording.class,
          RegistryOptions.DEFAULT.pulls());

  static final ConfigurationKey<String> EVENTS_SOURCE =
      new ConfigurationKey<>(
          "events.source",
          "a URI reference that names this registry in CloudEvents",
          ConfigurationKeys::uriReference,
          Function.identity(),
          Optional.empty(),
          false);

  /** In the order in which people read them. */
  static final List<ConfigurationKey<?>> ALL =
      List.of(
          LISTEN,
          DATA,
          HTPASSWD,
          DATABASE_URL,
          DATABASE_USER,
          DATABASE_PASSWORD,
          DATABASE_POOL_SIZE,
          DATABASE_AUDIT_POOL_SIZE,
          DATABASE_CONNECT_TIMEOUT,
          DATABASE_STATEMENT_TIMEOUT,
          DISK_RESERVE,
          DISK_MAX_UPLOADS,
          DISK_MAX_UPLOAD_BYTES,
          MANIFESTS_SPARSE,
          MANIFESTS_MAX_SIZE,
          MANIFESTS_MAX_DESCRIPTORS,
          MANIFESTS_COLLISION_DETECTION,
          MANIFESTS_MANDATORY_ANNOTATIONS,
          HTTP_MAX_HEADER_SIZE,
          HTTP_MAX_BODY_SIZE,
          HTTP_MAX_UPLOADS,
          HTTP_MAX_STREAMS,
          HTTP_IDLE_TIMEOUT,
          HTTP_DRAIN_TIME,
          AUDIT_THREADS,
          AUDIT_WAITING,
          AUDIT_DEADLINE,
          CLOCK_TOLERANCE,
          GC_ENABLED,
          GC_GRACE,
          GC_RECYCLE,
          GC_INTERVAL,
          GC_WINDOWS,
          GC_PAUSE,
          GC_WORKERS,
          LOG_FORMAT,
          RETENTION_DELAY,
          RETENTION_DRY_RUN,
          RETENTION_REASON,
          PULLS_RECORD,
          EVENTS_SOURCE);

  private ConfigurationKeys() {}

  private static String jdbcUrl(String text) {
    if (!text.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "must be a JDBC URL, jdbc:postgresql://HOST/DATABASE, not another address");
    }
    // PostgreSQL's driver has no such thing and would take it for a host, which everybody may see.
    if (text.replaceFirst("[?].*", "").contains("@")) {
      throw new IllegalArgumentException(
          "must not have a user or password before the host: they are database.user and"
              + " database.password");
    }
    return text;
  }

  private static String uriReference(String text) {
    try {
      if (!text.isEmpty() && URI.create(text).toASCIIString().equals(text)) {
        return text;
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(notUriReference(text), e);
    }
    throw new IllegalArgumentException(notUriReference(text));
  }

  private static String notUriReference(String text) {
    return "must be a URI reference, such as https://registry.example.com or /stele, not \""
        + text
        + '"';
  }

  static Optional<ConfigurationKey<?>> ofPath(String path) {
    return ALL.stream().filter(key -> key.path().equals(path)).findFirst();
  }

  static Optional<ConfigurationKey<?>> ofVariable(String name) {
    return ALL.stream().filter(key -> key.variable().equals(name)).findFirst();
  }
}
