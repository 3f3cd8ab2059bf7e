package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.DiskLimits;
import dev.stele.blob.S3Settings;
import dev.stele.gc.CollectingWindow;
import dev.stele.gc.GcOptions;
import dev.stele.merkle.TrustPolicy;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.KeepTags;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.policy.TagPattern;
import dev.stele.registry.PullRecording;
import dev.stele.registry.RobotKeyLifetime;
import dev.stele.server.ListenAddress;
import dev.stele.server.auth.ClientCertificates;
import dev.stele.server.auth.SignInSettings;
import dev.stele.server.evidence.TimeStampSettings;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.TrustedProxies;
import dev.stele.server.syslog.SyslogSettings;
import dev.stele.server.webhook.SigningSecret;
import dev.stele.server.webhook.WebhookSettings;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationReaderTest {
  /** A witness's key. */
  private static final String NORTH =
      "north.example.com+e67a4c6f+BKwvkI8QqFaU3hZPrHO8itUInA3Er7RJfqaD+0O60MhQ";

  @TempDir private Path folder;

  @Test
  void withNothingConfiguredThereAreDefaults() throws Exception {
    assertThat(ConfigurationReader.read(Optional.empty(), Map.of("PATH", "/bin")))
        .isEqualTo(
            new Configuration(
                new ListenAddress("127.0.0.1", 5000),
                Path.of("stele-data"),
                SignInSettings.NONE,
                Optional.empty(),
                Optional.empty(),
                Set.of(),
                Optional.empty(),
                new Configuration.DatabaseLimits(
                    16, 8, Duration.ofSeconds(5), Duration.ofSeconds(30)),
                Map.of(
                    "default",
                    new StoreSettings.Disk(Path.of("stele-data/blobs").toAbsolutePath())),
                DiskLimits.DEFAULT,
                new Configuration.ManifestRules(
                    false, DataSize.ofMebibytes(4), 10_000, false, List.of()),
                ImmutableTags.NONE,
                new Configuration.HttpLimits(
                    DataSize.ofKibibytes(32),
                    DataSize.ofGibibytes(1024),
                    1000,
                    500,
                    Duration.ofMinutes(2),
                    Duration.ofSeconds(30),
                    10_000,
                    DataSize.ofKibibytes(1),
                    new Configuration.RequestLimit(0, 500)),
                TrustedProxies.NONE,
                PathPrefix.NONE,
                new Configuration.AuditLimits(4, 64, Duration.ofMinutes(1)),
                new RobotKeyLifetime(Duration.ofDays(90), Duration.ofDays(366)),
                Duration.ofMinutes(5),
                new Configuration.Evidence(
                    Path.of("stele-data/log-keys.pem"),
                    Optional.empty(),
                    TrustPolicy.NONE,
                    Optional.empty()),
                GcOptions.DEFAULT,
                LogFormat.PLAIN,
                RetentionPolicy.NONE,
                PullRecording.MINUTE,
                true,
                Optional.empty(),
                Map.of(),
                Map.of()));
  }

  @Test
  void readsEveryKey() throws Exception {
    Configuration read =
        read(
            """
            listen: "[::1]:5001"
            data: /srv/stele
            htpasswd: /etc/stele/users
            database:
              url: jdbc:postgresql://db/stele
              user: stele
              password: "0123"
              pool-size: 8
              audit-pool-size: 4
              connect-timeout: 2s
              statement-timeout: 1m
            gc:
              enabled: false
              grace: 12h
              recycle: 30d
              interval: 10m
              windows: ["mon-fri 22:00-06:00", "sat,sun 00:00-24:00"]
              pause: 5ms
              workers: 8
            http:
              max-header-size: 64KiB
              max-body-size: 7GiB
              max-uploads: 50
              max-streams: 20
              idle-timeout: 30 s
              drain-time: 500ms
              proxies: [10.0.0.0/8, "::1"]
              path-prefix: /registry
              requests-per-second: 30
              request-burst: 90
            audit:
              threads: 2
              waiting: 9
              deadline: 20s
            events:
              source: https://registry.example.com/
            log:
              format: json
            manifests:
              sparse: true
              max-size: 8MiB
              max-descriptors: 500
              collision-detection: true
              mandatory-annotations: [vendor, license]
            pulls:
              record: every
            accesses:
              record: false
            retention:
              delay: 12h
              dry-run: true
              policies:
                - repositories: ["team/**"]
                  delete-untagged: true
                  delete-referrers: false
                  keep-tags:
                    - patterns: ["^v"]
                      most-recently-pushed-count: 3
                      most-recently-pulled-count: 4
                      pushed-within: 30d
                      pulled-within: 36 h
            tags:
              immutable:
                - repositories: ["team/**"]
                  patterns: ["^v[0-9]"]
            evidence:
              keys: /etc/stele/log-keys.pem
              name: registry.example.com/log
              witnesses: |
                # by somebody else
                witness north north.example.com+e67a4c6f+BKwvkI8QqFaU3hZPrHO8itUInA3Er7RJfqaD+0O60MhQ https://north.example.com/w
                quorum north
              time-stamp:
                url: https://tsa.example.com/tsr
                trusted: /etc/stele/tsa.pem
                interval: 1h
                user: stele
                password: "89"
            robots:
              key-lifetime: 7d
              max-key-lifetime: 30d
            stores:
              default:
                type: s3
                endpoint: https://s3.example.org
                bucket: images
                region: eu-central-1
                access-key: AK
                secret-key: "4567"
                path-style: false
                prefix: stele/
                redirect: true
                connect-timeout: 3s
                read-timeout: 4s
                retries: 0
              team.a:
                type: disk
                path: /srv/team-a
            syslog:
              siem:
                host: siem.example.com
                port: 601
                tls: true
                ca-file: /etc/siem.pem
                format: cloudevents
                facility: 10
                types: [RobotCreated]
                repositories: ["team/**"]
                timeout: 4s
                from: start
            webhooks:
              ci:
                url: https://ci.example.com/hooks?token=89
                secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
                types: [TagMoved, TagDeleted]
                repositories: ["team/**"]
                timeout: 3s
                from: start
            """);
    assertThat(read)
        .isEqualTo(
            new Configuration(
                new ListenAddress("::1", 5001),
                Path.of("/srv/stele"),
                SignInSettings.NONE.withHtpasswd(Optional.of(Path.of("/etc/stele/users"))),
                Optional.empty(),
                Optional.empty(),
                Set.of(),
                Optional.of(
                    new Configuration.DatabaseAddress(
                        "jdbc:postgresql://db/stele", "stele", "0123")),
                new Configuration.DatabaseLimits(
                    8, 4, Duration.ofSeconds(2), Duration.ofMinutes(1)),
                Map.of(
                    "default",
                    new StoreSettings.S3(
                        new S3Settings(
                            URI.create("https://s3.example.org"),
                            "images",
                            "eu-central-1",
                            Optional.of(new S3Settings.Credentials("AK", "4567")),
                            false,
                            "stele/",
                            S3Settings.defaultPartMemory(),
                            new S3Settings.Patience(
                                Duration.ofSeconds(3), Duration.ofSeconds(4), 0)),
                        true),
                    "team.a",
                    new StoreSettings.Disk(Path.of("/srv/team-a"))),
                DiskLimits.DEFAULT,
                new Configuration.ManifestRules(
                    true, DataSize.ofMebibytes(8), 500, true, List.of("vendor", "license")),
                new ImmutableTags(
                    List.of(
                        new ImmutableTags.Rule(
                            List.of(RepositoryGlob.parse("team/**")),
                            List.of(TagPattern.parse("^v[0-9]"))))),
                new Configuration.HttpLimits(
                    DataSize.ofKibibytes(64),
                    DataSize.ofGibibytes(7),
                    50,
                    20,
                    Duration.ofSeconds(30),
                    Duration.ofMillis(500),
                    10_000,
                    DataSize.ofKibibytes(1),
                    new Configuration.RequestLimit(30, 90)),
                new TrustedProxies(
                    List.of(
                        TrustedProxies.Network.parse("10.0.0.0/8"),
                        TrustedProxies.Network.parse("::1"))),
                PathPrefix.parse("/registry"),
                new Configuration.AuditLimits(2, 9, Duration.ofSeconds(20)),
                new RobotKeyLifetime(Duration.ofDays(7), Duration.ofDays(30)),
                Duration.ofMinutes(5),
                new Configuration.Evidence(
                    Path.of("/etc/stele/log-keys.pem"),
                    Optional.of("registry.example.com/log"),
                    TrustPolicy.parse(
                        "witness north %s https://north.example.com/w\nquorum north"
                            .formatted(NORTH)),
                    Optional.of(
                        new TimeStampSettings(
                            URI.create("https://tsa.example.com/tsr"),
                            Path.of("/etc/stele/tsa.pem"),
                            Duration.ofHours(1),
                            Optional.of(new TimeStampSettings.Login("stele", "89"))))),
                new GcOptions(
                    false,
                    Duration.ofHours(12),
                    Duration.ofDays(30),
                    Duration.ofMinutes(10),
                    List.of(
                        CollectingWindow.parse("mon-fri 22:00-06:00"),
                        CollectingWindow.parse("sat,sun 00:00-24:00")),
                    Duration.ofMillis(5),
                    8),
                LogFormat.JSON,
                new RetentionPolicy(
                    Duration.ofHours(12),
                    true,
                    List.of(
                        new RetentionPolicy.Policy(
                            List.of(RepositoryGlob.parse("team/**")),
                            new RetentionPolicy.Rules(
                                true,
                                false,
                                List.of(
                                    new KeepTags(
                                        List.of(TagPattern.parse("^v")),
                                        Optional.of(3),
                                        Optional.of(4),
                                        Optional.of(Duration.ofDays(30)),
                                        Optional.of(Duration.ofHours(36)))))))),
                PullRecording.EVERY,
                false,
                Optional.of("https://registry.example.com/"),
                Map.of(
                    "ci",
                    new WebhookSettings(
                        URI.create("https://ci.example.com/hooks?token=89"),
                        List.of(SigningSecret.parse("whsec_" + "A".repeat(32))),
                        List.of("TagMoved", "TagDeleted"),
                        List.of(RepositoryGlob.parse("team/**")),
                        Duration.ofSeconds(3),
                        true)),
                Map.of(
                    "siem",
                    new SyslogSettings(
                        "siem.example.com",
                        601,
                        true,
                        Optional.of(Path.of("/etc/siem.pem")),
                        SyslogSettings.Format.CLOUDEVENTS,
                        10,
                        List.of("RobotCreated"),
                        List.of(RepositoryGlob.parse("team/**")),
                        Duration.ofSeconds(4),
                        true))));
    assertThat(read.toString()).doesNotContain("0123").doesNotContain("4567");
  }

  @Test
  void aStoreCanBeConfiguredInTheEnvironmentAlone() throws Exception {
    Configuration read =
        ConfigurationReader.read(
            Optional.empty(),
            Map.of(
                "STELE_STORES_DEFAULT_TYPE", "s3",
                "STELE_STORES_DEFAULT_ENDPOINT", "http://127.0.0.1:9000",
                "STELE_STORES_DEFAULT_BUCKET", "images",
                "STELE_STORES_TEAM_A_TYPE", "disk",
                "STELE_STORES_TEAM_A_PATH", "/srv/a"));
    assertThat(read.stores())
        .containsOnlyKeys("default", "team-a")
        .extractingByKey("default")
        .isInstanceOf(StoreSettings.S3.class);
  }

  @Test
  void retentionIsRefusedWithThePlaceThatIsWrong() throws Exception {
    refuses("retention: {policies: [{repositories: [a]}], delay: 1}", "retention.delay must be");
    refuses("retention: {policy: []}", "unknown key retention.policy", "retention.policies");
    refuses("retention: {policies: {}}", "retention.policies must be a list");
    refuses(
        "retention: {policies: [{repositories: [a], keep-tags: [{pushed-within: 1w}]}]}",
        "retention.policies[0].keep-tags[0].pushed-within must be",
        "ms, s, m, h and d");
    refuses(
        "retention: {policies: [{repositories: [a], delete-all: true}]}",
        "retention.policies[0].delete-all is not known",
        "delete-untagged");
    refuses("pulls: {record: hourly}", "pulls.record must be minute or every or off");
    assertThat(
            ConfigurationReader.read(
                    Optional.empty(),
                    Map.of("STELE_RETENTION_DRY_RUN", "true", "STELE_PULLS_RECORD", "off"))
                .retention()
                .dryRun())
        .isTrue();
  }

  @Test
  void proxiesAreAddressesOrNetworks() throws Exception {
    assertThat(
            ConfigurationReader.read(
                    Optional.empty(), Map.of("STELE_HTTP_PROXIES", "127.0.0.1, fd00::/8"))
                .proxies())
        .isEqualTo(
            new TrustedProxies(
                List.of(
                    TrustedProxies.Network.parse("127.0.0.1"),
                    TrustedProxies.Network.parse("fd00::/8"))));
    refuses("http: {proxies: [proxy.example]}", "http.proxies", "10.0.0.0/8", "proxy.example");
    refuses("http: {path-prefix: registry}", "http.path-prefix", "such as /registry");
    refuses("http: {path-prefix: /v2/a}", "http.path-prefix", "answered without it");
    refuses(
        "robots: {key-lifetime: 30d, max-key-lifetime: 7d}",
        "robots.key-lifetime",
        "must not be longer than robots.max-key-lifetime");
    refuses("syslog: {siem: {port: 1}}", "syslog.siem.host is missing");
    refuses("syslog: {Siem: {host: a}}", "syslog.Siem: the name must have lower-case letters");
    refuses("syslog: {siem: {host: a, facility: 24}}", "syslog.siem.facility", "0 and 23");
    refuses("syslog: {siem: {host: a, tls: false, ca-file: b}}", "says nothing without");
    refuses("syslog: {siem: {host: a, types: [Tag]}}", "syslog.siem.types", "TagMoved");
    refuses("robots: {max-key-lifetime: 367d}", "robots.max-key-lifetime", "366d");
    refuses("http: {proxies: [0.0.0.0/0]}", "http.proxies", "between 1 and 32", "0.0.0.0/0");
  }

  @Test
  void immutableTagsAreRefusedWithThePlaceThatIsWrong() {
    refuses("tags: {immutable: {}}", "tags.immutable must be a list");
    refuses("tags: {immutable: [{patterns: [a]}]}", "tags.immutable[0] needs repositories");
    refuses(
        "tags: {immutable: [{repositories: [a], patterns: ['(']}]}",
        "tags.immutable[0].patterns[0] is not a regular expression");
    refuses("tags: {frozen: []}", "unknown key tags.frozen", "tags.immutable");
    refuses("gc: {recycle: -1d}", "gc.recycle");
  }

  @Test
  void row30StoresThatCannotBeRightAreRefusedWithTheirKey() {
    refuses("stores: {default: {type: tape, path: /x}}", "stores.default.type", "disk or s3");
    refuses("stores: {default: {path: /x}}", "stores.default.type is missing");
    refuses("stores: {default: {type: disk}}", "stores.default.path is missing");
    refuses("stores: {default: {type: disk, path: /x, bucket: b}}", "stores.default.bucket");
    refuses("stores: {default: {type: s3, bucket: b}}", "stores.default.endpoint is missing");
    refuses("stores: {default: {type: s3, endpoint: 'ftp://x', bucket: bucket}}", "ftp://x");
    refuses("stores: {default: {type: disk, path: /x, colour: red}}", "stores.default.colour");
    refuses("stores: {a/b: {type: disk, path: /x}}", "stores.a/b");
    refuses(
        "stores: {default: {type: disk, path: /x}, a: {type: disk, path: /x/y}}", "in one place");
    refuses("stores: {default: {type: disk, path: /x}, a: {type: disk, path: /x}}", "in one place");
    refuses("stores: {default: {type: disk, path: /x}, a: {type: tape}}", "stores.a.type");
    refuses("stores: {default: {type: disk, path: /x, redirect: true}}", "stores.default.redirect");
  }

  @Test
  void row30StoresThatShareAPlaceByAnotherNameAreRefused() throws Exception {
    Path blobs = Files.createDirectories(folder.resolve("data/blobs"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), blobs);
    String data = "data: " + folder.resolve("data") + "\n";
    for (Path path :
        new Path[] {blobs, link, link.resolve("not/yet/there"), blobs.getParent(), folder}) {
      refuses(
          data + "stores: {a: {type: disk, path: " + path + "}}",
          "stores.a and stores.default are in one place");
    }
    assertThat(
            read(data + "stores: {a: {type: disk, path: " + folder.resolve("data/blobs2") + "}}"))
        .isNotNull();
    String bucket = "type: s3, bucket: images, endpoint: ";
    refuses(
        "stores: {default: {%s 'http://S3.example.org'}, a: {%s 'http://s3.example.org:80/'}}"
            .formatted(bucket, bucket),
        "in one place");
    refuses(
        "stores: {b: {%s 'http://s3', prefix: x/}, a: {%s 'http://s3', prefix: x/y/}}"
            .formatted(bucket, bucket),
        "stores.a and stores.b are in one place");
    assertThat(
            read(
                "stores: {b: {%s 'http://s3', prefix: x/}, a: {%s 'http://s3', prefix: y/}}"
                    .formatted(bucket, bucket)))
        .isNotNull();
  }

  @Test
  void certificatesOfClientsNeedAnAuthorityAndTheServersOwn() throws Exception {
    assertThatThrownBy(() -> read("tls: {client-ca: ca.pem, client-name: serial}"))
        .hasMessageContaining("tls.client-ca needs tls.certificate and tls.key beside it")
        .hasMessageContaining("tls.client-name must be cn or email or dns or uri");
    assertThatThrownBy(
            () -> read("tls: {certificate: a, key: b, client-crl: c, client-groups: true}"))
        .hasMessageContaining("tls.client-crl needs tls.client-ca beside it")
        .hasMessageContaining("tls.client-groups needs tls.client-ca beside it");
    Configuration configuration =
        read(
            "tls: {certificate: a, key: b, client-ca: c, client-certificates: required,"
                + " client-name: uri, client-groups: true}");
    assertThat(configuration.canSignIn()).isTrue();
    assertThat(configuration.tls().orElseThrow().clients())
        .contains(
            new ClientCertificates(
                Path.of("c"), true, ClientCertificates.Name.URI, true, Optional.empty()));
  }

  @Test
  void everyKeyIsAnEnvironmentVariableToo() throws Exception {
    for (ConfigurationKey<?> key : ConfigurationBuilder.KEYS) {
      String value =
          switch (key.path()) {
            case "database.url" -> "jdbc:postgresql://db/x";
            case "disk.reserve" -> "2GiB";
            case "http.path-prefix" -> "/registry";
            case "evidence.witnesses" -> "quorum none";
            case "evidence.time-stamp.url" -> "https://tsa.example.com/tsr";
            case "evidence.time-stamp.password-file" ->
                Files.writeString(folder.resolve("tsa"), "given").toString();
            case "database.user",
                "database.password",
                "htpasswd",
                "tls.certificate",
                "tls.key",
                "tls.client-ca",
                "tls.client-crl",
                "evidence.name",
                "evidence.time-stamp.trusted",
                "evidence.time-stamp.user",
                "evidence.time-stamp.password",
                "events.source",
                "retention.reason" ->
                "given";
            case "database.password-file" ->
                Files.writeString(folder.resolve("password"), "given").toString();
            default -> shown(key);
          };
      Map<String, String> environment = new HashMap<>(Map.of(key.variable(), value));
      if (key.path().startsWith("tls.")) {
        environment.put("STELE_TLS_CERTIFICATE", value);
        environment.put("STELE_TLS_KEY", value);
        environment.putIfAbsent("STELE_TLS_CLIENT_CA", value);
      }
      if (key.path().startsWith("evidence.time-stamp.")) {
        environment.putIfAbsent("STELE_EVIDENCE_TIME_STAMP_URL", "https://tsa.example.com/tsr");
        environment.putIfAbsent("STELE_EVIDENCE_TIME_STAMP_TRUSTED", "tsa.pem");
        environment.putIfAbsent("STELE_EVIDENCE_TIME_STAMP_USER", "u");
        if (!key.path().endsWith("-file")) {
          environment.putIfAbsent("STELE_EVIDENCE_TIME_STAMP_PASSWORD", "p");
        }
      }
      if (key.path().startsWith("database.")) {
        environment.putIfAbsent("STELE_DATABASE_URL", "jdbc:postgresql://db/x");
        environment.putIfAbsent("STELE_DATABASE_USER", "u");
      }
      assertThat(ConfigurationReader.load(Optional.empty(), environment, Map.of()).settings())
          .as(key.variable())
          .anyMatch(
              setting ->
                  setting.path().equals(key.path()) && setting.origin().equals(key.variable()));
    }
  }

  /** As Kubernetes tells a container of a service named stele. */
  @Test
  void variablesOfAServiceNamedSteleMeanNothingButAMisspeltKeyIsRefused() throws Exception {
    Map<String, String> service =
        Map.of(
            "STELE_PORT", "tcp://10.0.0.1:5000",
            "STELE_PORT_5000_TCP", "tcp://10.0.0.1:5000",
            "STELE_PORT_5000_TCP_PROTO", "tcp",
            "STELE_PORT_5000_TCP_PORT", "5000",
            "STELE_PORT_5000_TCP_ADDR", "10.0.0.1",
            "STELE_SERVICE_HOST", "10.0.0.1",
            "STELE_SERVICE_PORT", "5000",
            "STELE_SERVICE_PORT_HTTP", "5000",
            "STELE_CONFIG", "/etc/stele.yaml");
    assertThat(ConfigurationReader.read(Optional.empty(), service))
        .isEqualTo(ConfigurationReader.read(Optional.empty(), Map.of()));
    for (String misspelt : List.of("STELE_LISTN", "STELE_PORTS", "STELE_SERVICE_NAME")) {
      assertThatThrownBy(() -> ConfigurationReader.read(Optional.empty(), Map.of(misspelt, "x")))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining(misspelt);
    }
  }

  @Test
  void aSecretMayLieInAFile() throws Exception {
    Path password = Files.writeString(folder.resolve("password"), "s3cret\n");
    Path keys =
        Files.writeString(
            folder.resolve("keys"),
            "whsec_%s\nwhsec_%s\n".formatted("A".repeat(32), "B".repeat(32)));
    String yaml =
        """
        database: {url: "jdbc:postgresql://db/x", user: u, password-file: %s}
        webhooks: {ci: {url: "https://ci.example.com/", secret-file: %s}}
        """
            .formatted(password, keys);
    ConfigurationReader.Loaded loaded =
        ConfigurationReader.load(
            Optional.of(Files.writeString(folder.resolve("secrets.yaml"), yaml)),
            Map.of(),
            Map.of());
    assertThat(loaded.configuration().database().orElseThrow().password()).isEqualTo("s3cret");
    assertThat(loaded.configuration().webhooks().get("ci").secrets()).hasSize(2);
    assertThat(loaded.settings()).extracting(Setting::value).doesNotContain("s3cret");

    assertThatThrownBy(
            () ->
                ConfigurationReader.read(
                    Optional.of(Files.writeString(folder.resolve("secrets.yaml"), yaml)),
                    Map.of("STELE_DATABASE_PASSWORD", "other")))
        .hasMessageContaining("STELE_DATABASE_PASSWORD and database.password-file say the same");
    Files.delete(password);
    assertThatThrownBy(
            () ->
                ConfigurationReader.read(
                    Optional.of(Files.writeString(folder.resolve("secrets.yaml"), yaml)), Map.of()))
        .hasMessageContaining("database.password-file")
        .hasMessageContaining(password.toString());
  }

  private static <T> String shown(ConfigurationKey<T> key) {
    return key.format().apply(key.absent().orElseThrow());
  }

  @Test
  void allProblemsAreToldAtOnce() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(
            () ->
                read(
                    """
                    listen: here:now
                    colour: red
                    http:
                      max-uploads: many
                      idle-timeout: 30
                      drain-time: 2d
                    log:
                      format: xml
                    stores:
                      a:
                        type: tape
                      b:
                        type: s3
                        bucket: images
                        retries: 21
                    """))
        .satisfies(
            e ->
                assertThat(e.problems())
                    .hasSize(9)
                    .allMatch(problem -> e.getMessage().contains(problem))
                    .anyMatch(problem -> problem.endsWith("colour; known are " + known()))
                    .anyMatch(problem -> problem.contains(": listen "))
                    .anyMatch(problem -> problem.endsWith("must be a whole number, not \"many\""))
                    .anyMatch(
                        problem ->
                            problem.contains("http.idle-timeout must be a whole number with one"))
                    .anyMatch(
                        problem ->
                            problem.endsWith("drain-time must be between 100ms and 1h, not 2d"))
                    .anyMatch(
                        problem ->
                            problem.endsWith("log.format must be plain or json, not \"xml\""))
                    .anyMatch(
                        problem ->
                            problem.endsWith("stores.a.type must be disk or s3, not \"tape\""))
                    .anyMatch(problem -> problem.startsWith("stores.b.endpoint is missing"))
                    .anyMatch(
                        problem ->
                            problem.endsWith("stores.b.retries must be between 0 and 20, not 21")));
  }

  private static String known() {
    return ConfigurationBuilder.KEYS.stream()
        .map(ConfigurationKey::path)
        .collect(
            Collectors.joining(
                ", ",
                "",
                ", access, retention.policies, tags.immutable, stores.<name>.<key>,"
                    + " webhooks.<name>.<key>, syslog.<name>.<key>, oidc.<name>.<key>,"
                    + " ldap.<name>.<key>"));
  }

  @Test
  void everyValueIsShownWithItsOriginAndSecretsAreMasked() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("c.yaml"),
            """
            database:
              url: jdbc:postgresql://db/x?ssl=true&password=hidden1&user=z
              user: u
              password: hidden2
            stores:
              default: {type: s3, endpoint: "http://s3", bucket: images, access-key: AK}
            """);
    ConfigurationReader.Loaded loaded =
        ConfigurationReader.load(
            Optional.of(file),
            Map.of("STELE_STORES_DEFAULT_SECRET_KEY", "hidden3", "STELE_DATA", "elsewhere"),
            Map.of("data", "here"));
    assertThat(loaded.settings())
        .contains(
            new Setting("data", "here", "--data"),
            new Setting("listen", "127.0.0.1:5000", "default"),
            new Setting("htpasswd", "", "default"),
            new Setting("database.password", "******", file + ": database.password"),
            new Setting("stores.default.secret-key", "******", "STELE_STORES_DEFAULT_SECRET_KEY"),
            new Setting("stores.default.read-timeout", "30s", "default"))
        .noneMatch(setting -> setting.toString().contains("hidden"));
    assertThat(loaded.configuration().data()).isEqualTo(Path.of("here"));
  }

  @Test
  void aTimeStampAuthorityIsAskedAndCheckedAndPerhapsKnowsUs() {
    refuses(
        "evidence: {time-stamp: {url: 'https://tsa'}}",
        "evidence.time-stamp.url and evidence.time-stamp.trusted go together");
    refuses(
        "evidence: {time-stamp: {url: 'tsa', trusted: tsa.pem, interval: 2d, user: u}}",
        "evidence.time-stamp.url must be a URL",
        "evidence.time-stamp.interval must be between 1s and 1d",
        "evidence.time-stamp.user and evidence.time-stamp.password go together");
  }

  @Test
  void refusesWitnessesThatCannotBeAsked() {
    String north = "evidence:\n  witnesses: \"witness north " + NORTH;
    refuses(north + "\\nquorum north\"", "must say where the witness north is asked");
    refuses(north + " north\\nquorum north\"", "must be http://HOST/... or https://HOST/");
    refuses(north + " https://north\"", "has no line that says who must cosign");
    refuses(
        north + " https://north\\nquorum south\"",
        "line 2: no witness or group south is defined before it is named");
    refuses(
        "evidence:\n"
            + "  witnesses: \"log log+52202289+AUmIwHrCdSnBzLEgAEhT4EI5rCD1JKhBZAMFpmQIOYkC\\n"
            + "quorum none\"",
        "evidence.witnesses line 1: ");
  }

  private void refuses(String yaml, String... messages) {
    assertThatExceptionOfType(ConfigurationException.class)
        .as(yaml)
        .isThrownBy(() -> read(yaml))
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }

  @Test
  void theEnvironmentOutranksTheFile() throws Exception {
    Path file = Files.writeString(folder.resolve("c.yaml"), "listen: 127.0.0.1:1\ndata: a\n");
    Configuration read =
        ConfigurationReader.read(
            Optional.of(file),
            Map.of(
                "STELE_LISTEN", "127.0.0.1:2",
                "STELE_DATABASE_URL", "jdbc:postgresql://db/x",
                "STELE_DATABASE_USER", "u",
                "STELE_MANIFESTS_SPARSE", "true",
                "STELE_MANIFESTS_MAX_SIZE", "512KiB",
                "STELE_MANIFESTS_MANDATORY_ANNOTATIONS", "vendor",
                "STELE_JAVA_OPTS", "-Xmx1g"));
    assertThat(read.listen().port()).isEqualTo(2);
    assertThat(read.data()).isEqualTo(Path.of("a"));
    assertThat(read.database()).isPresent();
    assertThat(read.manifests())
        .isEqualTo(
            new Configuration.ManifestRules(
                true, DataSize.ofKibibytes(512), 10_000, false, List.of("vendor")));
  }

  @Test
  void mistakesAreRefusedWithTheKeyThatIsWrong() {
    refused("database:\n  uri: x\n", "unknown key database.uri");
    refused("manifests:\n  mandatory-annotations: vendor,\n", "none of them empty");
    refused("databse:\n  url: x\n", "unknown key databse");
    refused("listen: here:now\n", "listen");
    refused("listen: 127.0.0.1:70000\n", "65535");
    refused("data: \"\"\n", "data");
    refused("data: [a]\n", "data");
    refused("database: x\n", "database");
    refused("database:\n  url: mysql://x\n  user: y\n", "jdbc:postgresql:");
    refused("database:\n  user: y\n", "database.url");
    refused("database:\n  url: jdbc:postgresql://x/y\n", "database.user");
    refused(
        "manifests:\n  sparse: maybe\n", "manifests.sparse must be true or false, not \"maybe\"");
    refused("manifests:\n  max-size: 4096\n", "manifests.max-size");
    refused("manifests:\n  max-descriptors: 99\n", "manifests.max-descriptors");
    refused("manifests:\n  max-size: 4MB\n", "4MiB");
    refused("manifests:\n  max-size: 100B\n", "between 1KiB and 64MiB, not 100B");
    refused("manifests:\n  max-size: 65MiB\n", "between 1KiB and 64MiB, not 65MiB");
    refused("manifests:\n  max-size: -4MiB\n", "manifests.max-size");
    refused("data: a\ndata: b\n", "data");
    refused("- a\n", "keys and values");
    refused("a: [\n", "not YAML");
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> ConfigurationReader.read(Optional.empty(), Map.of("STELE_LISTN", "x")))
        .withMessageContaining("STELE_LISTN");
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> ConfigurationReader.read(Optional.of(folder.resolve("absent")), Map.of()))
        .withMessageContaining("absent");
  }

  @Test
  void noMessageShowsWhatMayBeASecret() {
    for (String yaml :
        new String[] {
          "database:\n  url: jdbc:postgresql://stele:hidden@db/stele\n  user: u\n",
          "database: {password: \"hidden",
          "database:\n  password: hidden: x\n",
          "database:\n\tpassword: hidden\n",
          "stores:\n  a: {type: s3, endpoint: \"https://k:hidden@s3\", bucket: images}\n"
        }) {
      assertThatExceptionOfType(ConfigurationException.class)
          .as(yaml)
          .isThrownBy(() -> read(yaml))
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hidden").hasLineCount(1));
    }
  }

  @Test
  void aFileThatIsNoYamlIsRefusedWithTheLine() throws Exception {
    refused("listen: a\n---\ndata: b\n", "it has more than one document");
    refused("data: a\n\tb: c\n", "cannot start any token");
    refused("data: a\n\tb: c\n", "(line 2)");
    Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff, 0});
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> ConfigurationReader.read(Optional.of(binary), Map.of()))
        .withMessage(binary + " is not text in UTF-8");
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> ConfigurationReader.read(Optional.of(folder), Map.of()))
        .withMessage("a folder cannot be the configuration, so name a file in it: " + folder);
  }

  @Test
  void aSectionWithNothingInItSaysNothing() throws Exception {
    assertThat(read("database:\nhttp:\nretention:\nstores:\nwebhooks:\n"))
        .isEqualTo(ConfigurationReader.read(Optional.empty(), Map.of()));
  }

  @Test
  void aPortAloneIsNoHost() {
    refused("listen: 5000\n", "\"5000\" is a port without a host; write 127.0.0.1:5000");
  }

  private void refused(String yaml, String reason) {
    assertThatExceptionOfType(ConfigurationException.class)
        .as(yaml)
        .isThrownBy(() -> read(yaml))
        .withMessageContaining(reason);
  }

  private Configuration read(String yaml) throws Exception {
    return ConfigurationReader.read(
        Optional.of(Files.writeString(folder.resolve("config.yaml"), yaml)), Map.of());
  }
}
