package dev.stele.server.config;

import static dev.stele.server.config.ConfigurationKey.anyText;
import static dev.stele.server.config.ConfigurationKey.choice;
import static dev.stele.server.config.ConfigurationKey.duration;
import static dev.stele.server.config.ConfigurationKey.key;
import static dev.stele.server.config.ConfigurationKey.list;
import static dev.stele.server.config.ConfigurationKey.number;
import static dev.stele.server.config.ConfigurationKey.path;
import static dev.stele.server.config.ConfigurationKey.size;
import static dev.stele.server.config.ConfigurationKey.text;
import static dev.stele.server.config.ConfigurationKey.truth;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stele.blob.DiskLimits;
import dev.stele.gc.CollectingWindow;
import dev.stele.gc.GcOptions;
import dev.stele.log.ClockWatch;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.TrustPolicy;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.Reason;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.RobotKeyLifetime;
import dev.stele.server.ListenAddress;
import dev.stele.server.TlsFiles;
import dev.stele.server.auth.ClientCertificates;
import dev.stele.server.auth.SignInSettings;
import dev.stele.server.evidence.HttpWitness;
import dev.stele.server.evidence.TimeStampSettings;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.TrustedProxies;
import dev.stele.server.webhook.WebhookSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/**
 * Builds a configuration from what was written. Here each key is stated, once, where its value is
 * used; those of a store are in {@link StoresReader}, of a webhook in {@link WebhooksReader}, of a
 * receiver of syslog in {@link SyslogReader}, of an issuer in {@link OidcReader}, of a directory in
 * {@link LdapReader}.
 *
 * <p>INVARIANT: each key is asked for whatever the others say, since that tells which there are.
 */
final class ConfigurationBuilder {
  private enum Presence {
    OPTIONAL,
    REQUIRED
  }

  /** Every key that stands by itself. */
  static final List<ConfigurationKey<?>> KEYS =
      ConfigurationValues.asked(values -> new ConfigurationBuilder(values).build());

  private final ConfigurationValues values;
  private final StoresReader stores;
  private final WebhooksReader webhooks;
  private final OidcReader oidc;
  private final LdapReader ldap;
  private final SyslogReader syslog;
  private final FileList<List<RetentionPolicy.Policy>> policies;
  private final FileList<ImmutableTags> immutableTags;
  private final FileList<Optional<AccessPolicy>> access;

  ConfigurationBuilder(ConfigurationValues values) {
    this.values = values;
    this.stores = new StoresReader(values);
    this.webhooks = new WebhooksReader(values);
    this.oidc = new OidcReader(values);
    this.ldap = new LdapReader(values);
    this.syslog = new SyslogReader(values);
    this.policies =
        new FileList<>(
            values,
            "retention.policies",
            list ->
                PolicyDocument.read(JsonNodeFactory.instance.objectNode().set("policies", list))
                    .policies(),
            "retention.",
            List::size,
            List.of());
    this.access =
        new FileList<>(
            values,
            "access",
            section -> Optional.of(AccessPolicy.read("access", section)),
            "",
            policy -> policy.map(read -> read.rules().size()).orElse(0),
            Optional.empty());
    this.immutableTags =
        new FileList<>(
            values,
            "tags.immutable",
            list -> ImmutableTags.read("tags.immutable", list),
            "",
            tags -> tags.rules().size(),
            ImmutableTags.NONE);
  }

  List<NamedSections> sections() {
    return List.of(
        stores.sections(),
        webhooks.sections(),
        syslog.sections(),
        oidc.sections(),
        ldap.sections());
  }

  /** What only the file can have. */
  List<FileList<?>> lists() {
    return List.of(access, policies, immutableTags);
  }

  /** The configuration, with defaults for what has problems. */
  Configuration build() {
    Path data =
        values.get(
            path("data", "the folder where everything is kept").withDefault(Path.of("stele-data")));
    return new Configuration(
        values.get(
            key("listen", "HOST:PORT to listen on", ListenAddress::parse, ListenAddress::toString)
                .withDefault(ListenAddress.DEFAULT)),
        data,
        signIn(),
        access.get(),
        tls(),
        Set.copyOf(
            values.get(
                list(
                    "insecure",
                    "what is accepted beyond loopback: http (no TLS) and anonymous (no users)",
                    ',',
                    ConfigurationBuilder::exposure,
                    exposure -> exposure.name().toLowerCase(Locale.ROOT)))),
        database(),
        databaseLimits(),
        stores.build(data),
        disk(),
        manifests(),
        immutableTags.get(),
        http(),
        new TrustedProxies(
            values.get(
                list(
                    "http.proxies",
                    "addresses or networks of proxies that are believed about their clients",
                    ',',
                    TrustedProxies.Network::parse,
                    TrustedProxies.Network::toString))),
        values
            .find(
                key(
                    "http.path-prefix",
                    "a path below which the server is reached, too, such as /registry",
                    PathPrefix::parse,
                    PathPrefix::toString))
            .orElse(PathPrefix.NONE),
        audit(),
        robotKeys(),
        values.get(
            duration(
                "clock.tolerance",
                "how far the clocks of the database and the node, and the log's time, may be apart",
                ClockWatch.DEFAULT_TOLERANCE,
                Duration.ofSeconds(1),
                Duration.ofDays(1))),
        evidence(data),
        gc(),
        values.get(choice("log.format", "plain or json", LogFormat.class, LogFormat.PLAIN)),
        retention(),
        values.get(
            choice(
                "pulls.record",
                "minute, every or off",
                PullRecording.class,
                RegistryOptions.DEFAULT.pulls())),
        values.get(
            truth(
                "accesses.record",
                "whether sign-ins, refusals and readings of the record are on record",
                RegistryOptions.DEFAULT.accesses())),
        values.find(
            key(
                "events.source",
                "a URI reference that names this registry in CloudEvents",
                ConfigurationBuilder::uriReference,
                Function.identity())),
        webhooks.build(),
        syslog.build());
  }

  private Configuration.Evidence evidence(Path data) {
    return new Configuration.Evidence(
        values.get(
            path("evidence.keys", "the file with the keys that sign the log")
                .withDefault(data.resolve("log-keys.pem"))),
        values.find(
            key(
                "evidence.name",
                "what the log is called, such as registry.example.com/log",
                ConfigurationBuilder::logName,
                Function.identity())),
        values
            .find(
                key(
                    "evidence.witnesses",
                    "who cosigns the log, in lines of a policy of C2SP: witness NAME VKEY URL,"
                        + " group NAME all|any|NUMBER NAME..., quorum NAME",
                    ConfigurationBuilder::witnesses,
                    TrustPolicy::toString))
            .orElse(TrustPolicy.NONE),
        timeStamps());
  }

  private Optional<TimeStampSettings> timeStamps() {
    Optional<URI> url =
        values.find(
            key(
                "evidence.time-stamp.url",
                "the time-stamp authority that is asked, such as https://tsa.example.com/tsr",
                WebhooksReader::url,
                WebhookSettings::address));
    Optional<Path> trusted =
        values.find(
            path(
                "evidence.time-stamp.trusted",
                "a PEM file with the certificates to which that authority's must lead"));
    Duration every =
        values.get(
            duration(
                "evidence.time-stamp.interval",
                "from one time stamp to the next",
                Duration.ofMinutes(10),
                Duration.ofSeconds(1),
                Duration.ofDays(1)));
    Optional<String> user =
        values.find(text("evidence.time-stamp.user", "as whom that authority is asked"));
    Optional<String> password =
        values.find(
            anyText("evidence.time-stamp.password", "the password of evidence.time-stamp.user")
                .asSecret());
    if (url.isPresent() != trusted.isPresent()) {
      values.problem("evidence.time-stamp.url and evidence.time-stamp.trusted go together");
    }
    if (user.isPresent() != password.isPresent()) {
      values.problem("evidence.time-stamp.user and evidence.time-stamp.password go together");
    }
    return url.isPresent() && trusted.isPresent()
        ? Optional.of(
            new TimeStampSettings(
                url.get(),
                trusted.get(),
                every,
                user.flatMap(
                    name -> password.map(secret -> new TimeStampSettings.Login(name, secret)))))
        : Optional.empty();
  }

  private static TrustPolicy witnesses(String text) {
    TrustPolicy policy = TrustPolicy.parse(text);
    if (!policy.logs().isEmpty()) {
      throw new IllegalArgumentException(
          "must not have a log: that is the one that evidence.keys sign");
    }
    for (TrustPolicy.Witness witness : policy.witnesses()) {
      HttpWitness.checked(
          witness
              .url()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "must say where the witness %s is asked: witness NAME VKEY URL"
                              .formatted(witness.name()))));
    }
    return policy;
  }

  private static String logName(String text) {
    NoteKey.checkName(text);
    return text;
  }

  private SignInSettings signIn() {
    return new SignInSettings(
        values.find(path("htpasswd", "a file with users and bcrypt hashes")),
        ldap.build(oidc.sections().names()),
        oidc.build(access.get().isPresent()));
  }

  private Optional<Configuration.DatabaseAddress> database() {
    ConfigurationKey<String> url =
        key(
            "database.url",
            "a JDBC URL, jdbc:postgresql://HOST/DATABASE",
            ConfigurationBuilder::jdbcUrl,
            // A password may be among the URL's parameters.
            text -> text.replaceAll("(?i)(password=)[^&]*", "$1******"));
    ConfigurationKey<String> user = text("database.user", "the owner of the database's schema");
    ConfigurationKey<String> password =
        anyText("database.password", "that user's password").asSecret();
    Optional<String> address = values.find(url);
    Optional<String> owner = values.find(user);
    String secret = values.find(password).orElse("");
    if (!values.has(url.path())) {
      for (ConfigurationKey<String> key : List.of(user, password)) {
        if (values.has(key.path())) {
          values.problem(values.origin(key.path()) + " needs database.url beside it");
        }
      }
      return Optional.empty();
    }
    if (!values.has(user.path())) {
      values.problem(values.origin(url.path()) + " needs database.user beside it");
    }
    return address.isPresent() && owner.isPresent()
        ? Optional.of(new Configuration.DatabaseAddress(address.get(), owner.get(), secret))
        : Optional.empty();
  }

  private Configuration.DatabaseLimits databaseLimits() {
    Configuration.DatabaseLimits absent = Configuration.DatabaseLimits.DEFAULT;
    return new Configuration.DatabaseLimits(
        values.get(
            number(
                "database.pool-size",
                "the most connections for pushes and pulls",
                absent.poolSize(),
                2,
                1_000)),
        values.get(
            number(
                "database.audit-pool-size",
                "the most connections for all other work",
                absent.auditPoolSize(),
                2,
                1_000)),
        values.get(
            duration(
                "database.connect-timeout",
                "how long a request waits for a connection",
                absent.connectTimeout(),
                Duration.ofSeconds(1),
                Duration.ofMinutes(1))),
        values.get(
            duration(
                "database.statement-timeout",
                "how long a statement may take",
                absent.statementTimeout(),
                Duration.ofSeconds(1),
                Duration.ofHours(1))));
  }

  private DiskLimits disk() {
    DiskLimits absent = DiskLimits.DEFAULT;
    return new DiskLimits(
        values
            .find(
                key(
                    "disk.reserve",
                    "how much stays free on a disk: below it pushes are refused",
                    DataSize::parse,
                    DataSize::toString))
            .map(reserve -> OptionalLong.of(reserve.bytes()))
            .orElse(OptionalLong.empty()),
        values.get(
            number(
                "disk.max-uploads",
                "how many uploads may be open at once in a store of type disk",
                absent.maxUploads(),
                1,
                1_000_000)),
        values
            .get(
                size(
                    "disk.max-upload-bytes",
                    "how much the open uploads of a store of type disk may have together",
                    new DataSize(absent.maxUploadBytes()),
                    DataSize.ofMebibytes(1),
                    DataSize.ofGibibytes(1 << 20)))
            .bytes());
  }

  private Configuration.ManifestRules manifests() {
    Configuration.ManifestRules absent = Configuration.ManifestRules.DEFAULT;
    return new Configuration.ManifestRules(
        values.get(
            truth(
                "manifests.sparse",
                "whether manifests may refer to content that the repository lacks",
                absent.sparse())),
        values.get(
            size(
                "manifests.max-size",
                "the largest manifest that is accepted",
                absent.maxSize(),
                DataSize.ofKibibytes(1),
                DataSize.ofMebibytes(64))),
        values.get(
            number(
                "manifests.max-descriptors",
                "how many descriptors a manifest may list",
                absent.maxDescriptors(),
                100,
                100_000)),
        values.get(
            truth(
                "manifests.collision-detection",
                "whether a manifest under several tags may not be deleted by its digest",
                absent.collisionDetection())),
        values.get(
            list(
                "manifests.mandatory-annotations",
                "what every image must have among its annotations or its config's labels",
                ',',
                Function.identity(),
                Function.identity())));
  }

  private Optional<TlsFiles> tls() {
    Optional<Path> certificate =
        values.find(
            path("tls.certificate", "a PEM file with the server's certificate and its chain"));
    Optional<Path> key = values.find(path("tls.key", "a PEM file with the private key of that"));
    if (certificate.isPresent() != key.isPresent()) {
      values.problem("tls.certificate and tls.key go together");
    }
    Optional<ClientCertificates> clients = clientCertificates();
    if (clients.isPresent() && certificate.isEmpty() && key.isEmpty()) {
      values.problem(
          values.origin("tls.client-ca") + " needs tls.certificate and tls.key beside it");
    }
    return certificate.isPresent() && key.isPresent()
        ? Optional.of(new TlsFiles(certificate.get(), key.get(), clients))
        : Optional.empty();
  }

  private Optional<ClientCertificates> clientCertificates() {
    Optional<Path> authorities =
        values.find(
            path("tls.client-ca", "a PEM file with the authorities whose certificates sign in"));
    Presence presence =
        values.get(
            choice(
                "tls.client-certificates",
                "optional or required: whether nobody can connect without one",
                Presence.class,
                Presence.OPTIONAL));
    ClientCertificates.Name name =
        values.get(
            choice(
                "tls.client-name",
                "where a client's certificate says whose it is: cn of the subject, or the"
                    + " alternative name email, dns or uri",
                ClientCertificates.Name.class,
                ClientCertificates.Name.CN));
    boolean groups =
        values.get(
            truth(
                "tls.client-groups",
                "whether the organizational units (OU) of the subject are groups",
                false));
    Optional<Path> revoked =
        values.find(path("tls.client-crl", "a PEM file with lists of revoked certificates"));
    if (authorities.isEmpty()) {
      for (String key :
          List.of(
              "tls.client-certificates",
              "tls.client-name",
              "tls.client-groups",
              "tls.client-crl")) {
        if (values.has(key)) {
          values.problem(values.origin(key) + " needs tls.client-ca beside it");
        }
      }
    }
    return authorities.map(
        file -> new ClientCertificates(file, presence == Presence.REQUIRED, name, groups, revoked));
  }

  private static Configuration.Exposure exposure(String text) {
    return switch (text) {
      case "http" -> Configuration.Exposure.HTTP;
      case "anonymous" -> Configuration.Exposure.ANONYMOUS;
      default ->
          throw new IllegalArgumentException(
              "must be http or anonymous or both, not \"" + text + '"');
    };
  }

  private Configuration.HttpLimits http() {
    Configuration.HttpLimits absent = Configuration.HttpLimits.DEFAULT;
    return new Configuration.HttpLimits(
        values.get(
            size(
                "http.max-header-size",
                "how much a request's first line and headers may take",
                absent.maxHeaderSize(),
                DataSize.ofKibibytes(4),
                DataSize.ofMebibytes(1))),
        values.get(
            size(
                "http.max-body-size",
                "how much the body of one request may have",
                absent.maxBodySize(),
                DataSize.ofMebibytes(1),
                DataSize.ofGibibytes(1 << 20))),
        values.get(
            number(
                "http.max-uploads",
                "how many requests that write may run at once",
                absent.maxUploads(),
                1,
                100_000)),
        values.get(
            number(
                "http.max-streams",
                "how many streams of events may be open at once",
                absent.maxStreams(),
                1,
                100_000)),
        values.get(
            duration(
                "http.idle-timeout",
                "after how long a silent connection is closed",
                absent.idleTimeout(),
                Duration.ofSeconds(1),
                Duration.ofHours(1))),
        values.get(
            duration(
                "http.drain-time",
                "how long a stopping server lets requests in flight finish",
                absent.drainTime(),
                Duration.ofMillis(100),
                Duration.ofHours(1))),
        values.get(
            number(
                "http.max-connections",
                "how many connections may be open at once",
                absent.maxConnections(),
                10,
                1_000_000)),
        values.get(
            size(
                "http.min-rate",
                "how many bytes a second a body must bring on average, after its first minute",
                absent.minRate(),
                DataSize.ofKibibytes(0),
                DataSize.ofMebibytes(1))),
        new Configuration.RequestLimit(
            values.get(
                number(
                    "http.requests-per-second",
                    "how many requests a second a caller may send; 0 is as many as they like",
                    absent.requests().perSecond(),
                    0,
                    100_000)),
            values.get(
                number(
                    "http.request-burst",
                    "how many requests a caller may send at once, after a pause",
                    absent.requests().burst(),
                    1,
                    1_000_000))));
  }

  private Configuration.AuditLimits audit() {
    Configuration.AuditLimits absent = Configuration.AuditLimits.DEFAULT;
    return new Configuration.AuditLimits(
        values.get(
            number(
                "audit.threads",
                "how many questions to the record are answered at once",
                absent.threads(),
                1,
                1_000)),
        values.get(
            number(
                "audit.waiting",
                "how many questions to the record may wait for their turn",
                absent.waiting(),
                0,
                100_000)),
        values.get(
            duration(
                "audit.deadline",
                "how long a question to the record may take",
                absent.deadline(),
                Duration.ofMillis(100),
                Duration.ofHours(1))));
  }

  private RobotKeyLifetime robotKeys() {
    RobotKeyLifetime absent = RobotKeyLifetime.DEFAULT;
    Duration standard =
        values.get(
            duration(
                "robots.key-lifetime",
                "for how long a robot's key counts if whoever issues it does not say",
                absent.standard(),
                Duration.ofMinutes(1),
                RobotKeyLifetime.LONGEST));
    Duration longest =
        values.get(
            duration(
                "robots.max-key-lifetime",
                "the longest that may be asked for",
                absent.longest(),
                Duration.ofMinutes(1),
                RobotKeyLifetime.LONGEST));
    if (standard.compareTo(longest) <= 0) {
      return new RobotKeyLifetime(standard, longest);
    }
    if (values.has("robots.key-lifetime")) {
      values.problem("robots.key-lifetime must not be longer than robots.max-key-lifetime");
    }
    return new RobotKeyLifetime(longest, longest);
  }

  private GcOptions gc() {
    GcOptions absent = GcOptions.DEFAULT;
    return new GcOptions(
        values.get(
            truth(
                "gc.enabled",
                "whether what nobody can reach any more is collected",
                absent.enabled())),
        values.get(
            duration(
                "gc.grace",
                "how long it must have been unreachable",
                absent.grace(),
                Duration.ZERO,
                Duration.ofDays(3650))),
        values.get(
            duration(
                "gc.recycle",
                "how long what was deleted or replaced stays restorable at least",
                absent.recycle(),
                Duration.ZERO,
                Duration.ofDays(3650))),
        values.get(
            duration(
                "gc.interval",
                "how long from one collection to the next",
                absent.interval(),
                Duration.ofMillis(10),
                Duration.ofDays(365))),
        values.get(
            list(
                "gc.windows",
                "when a collection may start, in UTC, such as mon-fri 22:00-06:00",
                ';',
                CollectingWindow::parse,
                CollectingWindow::toString)),
        values.get(
            duration(
                "gc.pause",
                "how long to wait after each batch",
                absent.pause(),
                Duration.ZERO,
                Duration.ofMinutes(1))),
        values.get(
            number(
                "gc.workers",
                "how many threads remove objects from the stores",
                absent.workers(),
                1,
                256)));
  }

  private RetentionPolicy retention() {
    RetentionPolicy absent = RetentionPolicy.NONE;
    Duration delay =
        values.get(
            duration(
                "retention.delay",
                "how long untagged manifests and referrers stay before they may go",
                absent.delay(),
                Duration.ZERO,
                Duration.ofDays(3650)));
    boolean dryRun =
        values.get(
            truth(
                "retention.dry-run",
                "whether what would be removed is only recorded",
                absent.dryRun()));
    Optional<String> reason =
        values.find(
            key(
                "retention.reason",
                "why the policy is what it is, for the record",
                Reason::checkLine,
                Function.identity()));
    return new RetentionPolicy(delay, dryRun, policies.get(), reason);
  }

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
}
