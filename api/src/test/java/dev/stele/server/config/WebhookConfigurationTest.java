package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.server.webhook.SigningSecret;
import dev.stele.server.webhook.WebhookSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebhookConfigurationTest {
  private static final String SECRET = "whsec_" + "A".repeat(32);
  private static final String OTHER_SECRET = "whsec_" + "B".repeat(32);

  @TempDir private Path folder;

  private ConfigurationReader.Loaded read(String yaml, Map<String, String> environment)
      throws Exception {
    Path file = Files.writeString(folder.resolve("stele.yaml"), yaml);
    return ConfigurationReader.load(Optional.of(file), environment, Map.of());
  }

  private void refuses(String webhook, String... messages) {
    assertThatExceptionOfType(ConfigurationException.class)
        .as(webhook)
        .isThrownBy(() -> read("webhooks: {" + webhook + "}", Map.of()))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .contains(messages)
                    .doesNotContain("AAAA")
                    .doesNotContain("hidden"));
  }

  private static String hook(String more) {
    return "ci: {url: 'https://ci', secret: " + SECRET + ", " + more + "}";
  }

  @Test
  void urlAndSecretAreEnough() throws Exception {
    assertThat(read("webhooks: {" + hook("") + "}", Map.of()).configuration().webhooks().get("ci"))
        .satisfies(
            settings -> {
              assertThat(settings.types()).isEmpty();
              assertThat(settings.repositories()).isEmpty();
              assertThat(settings.timeout()).isEqualTo(Duration.ofSeconds(10));
              assertThat(settings.fromStart()).isFalse();
            });
  }

  @Test
  void theEnvironmentHasTheSecretAndLists() throws Exception {
    Map<String, WebhookSettings> webhooks =
        read(
                "webhooks: {ci-main: {url: 'https://ci'}}",
                Map.of(
                    "STELE_WEBHOOKS_CI_MAIN_SECRET",
                    SECRET + ", " + OTHER_SECRET,
                    "STELE_WEBHOOKS_CI_MAIN_TYPES",
                    "TagMoved, TagDeleted",
                    "STELE_WEBHOOKS_CHAT_URL",
                    "http://chat",
                    "STELE_WEBHOOKS_CHAT_SECRET",
                    SECRET))
            .configuration()
            .webhooks();
    assertThat(webhooks).containsOnlyKeys("ci-main", "chat");
    assertThat(webhooks.get("ci-main").types()).containsExactly("TagMoved", "TagDeleted");
    assertThat(webhooks.get("ci-main").secrets())
        .containsExactly(SigningSecret.parse(SECRET), SigningSecret.parse(OTHER_SECRET));
  }

  @Test
  void nothingThatMayBeSecretIsShown() throws Exception {
    ConfigurationReader.Loaded loaded =
        read(
            "webhooks: {ci: {url: 'https://ci:8443/hidden?hidden', secret: " + SECRET + "}}",
            Map.of());
    assertThat(loaded.settings())
        .contains(
            new Setting(
                "webhooks.ci.url",
                "https://ci:8443/...",
                folder.resolve("stele.yaml") + ": webhooks.ci.url"),
            new Setting(
                "webhooks.ci.secret",
                "******",
                folder.resolve("stele.yaml") + ": webhooks.ci.secret"))
        .noneMatch(setting -> setting.toString().contains("hidden"));
    assertThat(loaded.configuration().webhooks().get("ci").secrets()).hasToString("[******]");
  }

  @Test
  void whatCannotBeRightIsRefusedWithItsKeyAndWithoutItsValue() {
    refuses("ci: {secret: " + SECRET + "}", "webhooks.ci.url is missing");
    refuses("ci: {url: 'https://ci'}", "webhooks.ci.secret is missing");
    refuses("ci: {url: 'ftp://hidden', secret: " + SECRET + "}", "webhooks.ci.url must be a URL");
    refuses("ci: {url: 'https:///hidden', secret: " + SECRET + "}", "must be a URL");
    refuses("ci: {url: 'https://a b/hidden', secret: " + SECRET + "}", "is not a URL");
    refuses("ci: {url: 'https://hidden:x@ci', secret: " + SECRET + "}", "user or password");
    refuses("ci: {url: 'https://ci/#hidden', secret: " + SECRET + "}", "fragment");
    refuses("ci: {url: 'https://ci', secret: hidden}", "webhooks.ci.secret must be whsec_");
    refuses(
        "ci: {url: 'https://ci', secret: 'whsec_hidden!'}", "webhooks.ci.secret must be base64");
    refuses("ci: {url: 'https://ci', secret: whsec_AAAA}", "24 to 64 bytes, not 3");
    refuses("ci: {url: 'https://ci', secret: ''}", "webhooks.ci.secret must be whsec_");
    refuses("ci: {url: 'https://ci', secret: [" + SECRET + ", hidden]}", "secret must be whsec_");
    refuses(hook("types: [TagMove]"), "types must be types of events", "TagMove", "TagMoved");
    refuses(hook("repositories: ['[']"), "webhooks.ci.repositories is not a glob");
    refuses(hook("from: yesterday"), "webhooks.ci.from must be now or start");
    refuses(hook("timeout: 1h"), "webhooks.ci.timeout must be between 100ms and 1m");
    refuses(hook("retries: 3"), "webhooks.ci.retries: unknown key; a webhook has webhooks.<name>");
    refuses("Ci: {url: 'https://ci', secret: " + SECRET + "}", "webhooks.Ci: the name must have");
    refuses("url: 'https://hidden'", "webhooks.url: unknown key");
  }

  @Test
  void aSourceIsAUriReference() {
    for (String wrong : new String[] {"a b", "", "http://ü"}) {
      assertThatExceptionOfType(ConfigurationException.class)
          .isThrownBy(() -> read("events: {source: '" + wrong + "'}", Map.of()))
          .withMessageContaining("events.source must be a URI reference");
    }
  }
}
