package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.event.Identity;
import dev.stele.server.auth.ClaimTemplate;
import dev.stele.server.auth.OidcSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who vouches for users, as it is configured. */
class SignInConfigurationTest {
  private static final String ACCESS = "\naccess: {administrators: [mary]}\n";
  private static final String GITHUB =
      "github: {issuer: 'https://token.actions.example.com', audience: stele";

  @TempDir private Path folder;

  private ConfigurationReader.Loaded read(String yaml, Map<String, String> environment)
      throws Exception {
    Path file = Files.writeString(folder.resolve("stele.yaml"), yaml);
    return ConfigurationReader.load(Optional.of(file), environment, Map.of());
  }

  private void refuses(String yaml, String... messages) {
    assertThatExceptionOfType(ConfigurationException.class)
        .as(yaml)
        .isThrownBy(() -> read(yaml, Map.of()))
        .satisfies(e -> assertThat(e.getMessage()).contains(messages).doesNotContain("hidden"));
  }

  @Test
  void anIssuerAndAnAudienceAreEnoughUnderAPolicy() throws Exception {
    Configuration configuration =
        read("oidc: {" + GITHUB + "}}" + ACCESS, Map.of()).configuration();
    assertThat(configuration.canSignIn()).isTrue();
    assertThat(configuration.signIn().oidc())
        .containsExactly(
            new OidcSettings(
                "github",
                "https://token.actions.example.com",
                Set.of("stele"),
                Optional.empty(),
                Optional.empty(),
                new ClaimTemplate("${sub}"),
                List.of(),
                Map.of(),
                Duration.ofSeconds(30),
                Identity.Kind.WORKLOAD));
  }

  @Test
  void theEnvironmentHasAllOfIt() throws Exception {
    assertThat(
            read(
                    "",
                    Map.of(
                        "STELE_OIDC_CI_MAIN_ISSUER", "https://ci.example.com",
                        "STELE_OIDC_CI_MAIN_AUDIENCE", "a, b",
                        "STELE_OIDC_CI_MAIN_USER", "${project_path}",
                        "STELE_OIDC_CI_MAIN_GROUPS", "${groups},${namespace_path}",
                        "STELE_OIDC_CI_MAIN_REQUIRE", "ref_protected=true",
                        "STELE_OIDC_CI_MAIN_KIND", "user",
                        "STELE_OIDC_CI_MAIN_LEEWAY", "0s",
                        "STELE_OIDC_CI_MAIN_JWKS_FILE", "/etc/jwks.json"))
                .configuration()
                .signIn()
                .oidc())
        .containsExactly(
            new OidcSettings(
                "ci-main",
                "https://ci.example.com",
                Set.of("a", "b"),
                Optional.of(Path.of("/etc/jwks.json")),
                Optional.empty(),
                new ClaimTemplate("${project_path}"),
                List.of(new ClaimTemplate("${groups}"), new ClaimTemplate("${namespace_path}")),
                Map.of("ref_protected", "true"),
                Duration.ZERO,
                Identity.Kind.USER));
  }

  @Test
  void whatIsWrongWithAnIssuerIsSaid() {
    refuses(
        "oidc: {" + GITHUB + "}}",
        "oidc.github needs require, or access: without either, whoever this issuer gives a token");
    refuses("oidc: {ci: {kind: user}}", "oidc.ci.issuer is missing", "oidc.ci.audience is missing");
    for (String issuer :
        List.of(
            "http://ci.example.com",
            "ftp://ci",
            "ci.example.com",
            "https://user:hidden@",
            "https://ci.example.com/#x",
            "https:// x")) {
      refuses(
          "oidc: {ci: {issuer: '" + issuer + "', audience: x}}" + ACCESS,
          "oidc.ci.issuer must be https://HOST/...");
    }
    refuses(
        "oidc: {" + GITHUB + ", user: repository, groups: ['${a'], require: [owner], kind: robot}}",
        "oidc.github.user must name claims, such as ${sub}",
        "oidc.github.groups must name claims",
        "oidc.github.require must be claims and their values, such as repository_owner=octo-org",
        "oidc.github.kind must be workload or user");
    refuses("oidc: {" + GITHUB + ", algorithm: HS256}}", "unknown key; an issuer has oidc.<name>");
    for (String name : List.of("cert", "cli", "stele", "robot", "A", "a_b", "a".repeat(65))) {
      refuses(
          "oidc: {" + name + ": {issuer: 'https://x', audience: x}}" + ACCESS,
          "oidc." + name + ": an issuer's name has lower-case letters");
    }
    refuses(
        "oidc: {a: {issuer: 'https://x', audience: [y, z]}, b: {issuer: 'https://x', audience: y}}"
            + ACCESS,
        "oidc.b.audience: another section is about y of https://x, too");
    refuses(
        "oidc: {" + GITHUB + ", jwks-file: k, ca: c}}" + ACCESS,
        "oidc.github.ca is of no use beside jwks-file");
  }
}
