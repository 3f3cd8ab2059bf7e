package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.blob.S3Settings;
import dev.stele.server.ListenAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationReaderTest {
  @TempDir private Path folder;

  @Test
  void withNothingConfiguredThereAreDefaults() throws Exception {
    assertThat(ConfigurationReader.read(Optional.empty(), Map.of("PATH", "/bin")))
        .isEqualTo(
            new Configuration(
                new ListenAddress("127.0.0.1", 5000),
                Path.of("stele-data"),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                new Configuration.ManifestRules(false, DataSize.ofMebibytes(4))));
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
            manifests:
              sparse: true
              max-size: 8MiB
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
              team.a:
                type: disk
                path: /srv/team-a
            """);
    assertThat(read)
        .isEqualTo(
            new Configuration(
                new ListenAddress("::1", 5001),
                Path.of("/srv/stele"),
                Optional.of(Path.of("/etc/stele/users")),
                Optional.of(
                    new Configuration.DatabaseAddress(
                        "jdbc:postgresql://db/stele", "stele", "0123")),
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
                            S3Settings.defaultPartMemory())),
                    "team.a",
                    new StoreSettings.Disk(Path.of("/srv/team-a"))),
                new Configuration.ManifestRules(true, DataSize.ofMebibytes(8))));
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
                "STELE_JAVA_OPTS", "-Xmx1g"));
    assertThat(read.listen().port()).isEqualTo(2);
    assertThat(read.data()).isEqualTo(Path.of("a"));
    assertThat(read.database()).isPresent();
    assertThat(read.manifests())
        .isEqualTo(new Configuration.ManifestRules(true, DataSize.ofKibibytes(512)));
  }

  @Test
  void mistakesAreRefusedWithTheKeyThatIsWrong() {
    refused("database:\n  uri: x\n", "unknown key database.uri");
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
