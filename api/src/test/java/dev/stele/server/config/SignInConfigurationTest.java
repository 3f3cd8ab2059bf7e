package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.unboundid.ldap.sdk.DN;
import dev.stele.event.Identity;
import dev.stele.server.auth.ClaimTemplate;
import dev.stele.server.auth.LdapFilter;
import dev.stele.server.auth.LdapSettings;
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
                Identity.Kind.WORKLOAD,
                Optional.empty()));
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
                Identity.Kind.USER,
                Optional.empty()));
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

  @Test
  void whereAnIssuerHasAClientIdPeopleSignIn() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret"), "hidden\n");
    ConfigurationReader.Loaded loaded =
        read(
            ACCESS.strip(),
            Map.of(
                "STELE_OIDC_CORP_ISSUER", "https://login.example.com",
                "STELE_OIDC_CORP_CLIENT_ID", "stele",
                "STELE_OIDC_CORP_CLIENT_SECRET_FILE", secret.toString(),
                "STELE_OIDC_CORP_SESSION", "8h"));
    OidcSettings settings = loaded.configuration().signIn().oidc().getFirst();
    assertThat(settings.kind()).isEqualTo(Identity.Kind.USER);
    assertThat(settings.audiences()).isEmpty();
    assertThat(settings.client())
        .contains(
            new OidcSettings.Client(
                "stele",
                Optional.of("hidden"),
                List.of("openid", "profile", "email"),
                Duration.ofHours(8)));
    assertThat(settings.toString()).doesNotContain("hidden");
    assertThat(loaded.settings().toString()).doesNotContain("hidden");
  }

  @Test
  void whatIsWrongWithSigningInIsSaid() {
    String corp = "oidc: {corp: {issuer: 'https://x', client-id: stele";
    refuses(
        corp
            + ", jwks-file: k, kind: workload, client-secret: '', scopes: [email, 'a b']}}"
            + ACCESS,
        "oidc.corp.jwks-file does not go with client-id",
        "oidc.corp.kind does not go with client-id",
        "oidc.corp.client-secret is empty",
        "oidc.corp.scopes must have openid",
        "oidc.corp.scopes must have words without spaces");
    refuses(corp + "}}", "oidc.corp needs require, or access");
    refuses(corp + ", audience: []}}" + ACCESS, "oidc.corp.audience must name an audience");
    refuses(corp + ", session: 31d}}" + ACCESS, "oidc.corp.session must be");
    refuses(
        "oidc: {" + GITHUB + ", client-secret: hidden, scopes: openid, session: 1h}}" + ACCESS,
        "oidc.github.client-secret is of no use without client-id",
        "oidc.github.scopes is of no use without client-id",
        "oidc.github.session is of no use without client-id");
  }

  private static String directory(String more) {
    return "ldap: {staff: {url: 'ldaps://ldap.example.com', user-base: 'ou=people,o=x'"
        + more
        + "}}";
  }

  @Test
  void aUrlAndABaseAreEnoughForADirectory() throws Exception {
    assertThat(read(directory(""), Map.of()).configuration().signIn().ldap())
        .contains(
            new LdapSettings(
                "staff",
                new LdapSettings.Server("ldap.example.com", 636),
                LdapSettings.Transport.TLS,
                Optional.empty(),
                Optional.empty(),
                new DN("ou=people,o=x"),
                new LdapFilter("(uid={user})"),
                "uid",
                Optional.empty(),
                Duration.ofSeconds(5),
                8));
  }

  @Test
  void theEnvironmentHasAllOfADirectory() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret"), "hidden\n");
    ConfigurationReader.Loaded loaded =
        read(
            "",
            Map.of(
                "STELE_LDAP_STAFF_URL", "ldap://10.0.0.1:1389",
                "STELE_LDAP_STAFF_USER_BASE", "dc=x",
                "STELE_LDAP_STAFF_USER_FILTER", "(sAMAccountName={user})",
                "STELE_LDAP_STAFF_USER_NAME", "sAMAccountName",
                "STELE_LDAP_STAFF_GROUP_BASE", "ou=groups,dc=x",
                "STELE_LDAP_STAFF_GROUP_FILTER", "(member:1.2.840.113556.1.4.1941:={dn})",
                "STELE_LDAP_STAFF_BIND_DN", "cn=stele,dc=x",
                "STELE_LDAP_STAFF_BIND_PASSWORD_FILE", secret.toString(),
                "STELE_LDAP_STAFF_TIMEOUT", "2s"));
    LdapSettings settings = loaded.configuration().signIn().ldap().orElseThrow();
    assertThat(settings.transport()).isEqualTo(LdapSettings.Transport.START_TLS);
    assertThat(settings.server()).isEqualTo(new LdapSettings.Server("10.0.0.1", 1389));
    assertThat(settings.bind().orElseThrow().password()).isEqualTo("hidden");
    assertThat(settings.groups())
        .contains(
            new LdapSettings.Groups.Search(
                new DN("ou=groups,dc=x"),
                new LdapFilter("(member:1.2.840.113556.1.4.1941:={dn})")));
    assertThat(settings.toString()).doesNotContain("hidden");
    assertThat(loaded.settings().toString()).doesNotContain("hidden");
  }

  @Test
  void whatIsWrongWithADirectoryIsSaid() {
    refuses("ldap: {staff: {timeout: 1s}}", "ldap.staff.url is missing", "user-base is missing");
    for (String url :
        List.of(
            "ldap.example.com", "https://x", "ldaps://u:hidden@x", "ldaps://x/o=x", "ldap:// x")) {
      refuses(
          "ldap: {staff: {url: '" + url + "', user-base: 'o=x'}}",
          "ldap.staff.url must be ldaps://HOST or ldap://HOST");
    }
    refuses(
        directory(", bind-password: hidden, group-filter: '(x={dn})', insecure: true"),
        "ldap.staff.insecure goes neither with ldaps:// nor with ca",
        "ldap.staff.bind-dn and ldap.staff.bind-password go together",
        "ldap.staff.group-filter needs ldap.staff.group-base beside it");
    // A directory would take that for nobody, and let it search.
    refuses(directory(", bind-dn: 'cn=x', bind-password: ''"), "and neither is empty");
    refuses(
        directory(
            ", user-filter: '(uid={user}', bind-dn: x, group-attribute: m, group-base: 'o=x'"),
        "ldap.staff.user-filter must be a filter, such as (uid={user})",
        "ldap.staff.bind-dn must be a DN");
    refuses(directory(", user-filter: '(uid=mary)'"), "must have {user} or {dn}");
    refuses(directory(", user-filter: '(x={dn})'"), "ldap.staff.user-filter must have {user}");
    refuses(
        directory(", group-attribute: memberOf, group-base: 'o=x'"),
        "groups are found by one of them");
    refuses(
        "ldap: {a: {url: 'ldaps://x', user-base: 'o=x'}, b: {url: 'ldaps://x', user-base: 'o=x'}}",
        "ldap: there can be one directory, since a name is one user's; there are a and b");
    refuses(
        "oidc: {staff: {issuer: 'https://x', audience: x}}\n" + directory("") + ACCESS,
        "ldap.staff: there is oidc.staff, too");
  }
}
