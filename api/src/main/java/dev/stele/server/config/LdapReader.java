package dev.stele.server.config;

import static dev.stele.server.config.ConfigurationKey.anyText;
import static dev.stele.server.config.ConfigurationKey.duration;
import static dev.stele.server.config.ConfigurationKey.key;
import static dev.stele.server.config.ConfigurationKey.number;
import static dev.stele.server.config.ConfigurationKey.path;
import static dev.stele.server.config.ConfigurationKey.text;
import static dev.stele.server.config.ConfigurationKey.truth;

import com.unboundid.ldap.sdk.DN;
import com.unboundid.ldap.sdk.LDAPException;
import dev.stele.server.auth.LdapFilter;
import dev.stele.server.auth.LdapSettings;
import dev.stele.server.auth.LdapSettings.Bind;
import dev.stele.server.auth.LdapSettings.Groups;
import dev.stele.server.auth.LdapSettings.Transport;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads {@code ldap.<name>.<key>}: the directory that knows users. */
final class LdapReader {
  private static final int PORT = 389;
  private static final int TLS_PORT = 636;

  /** Every key of a directory. */
  static final List<ConfigurationKey<?>> KEYS =
      ConfigurationValues.asked(values -> new LdapReader(values, List.of()).settings("", ""));

  private final ConfigurationValues values;
  private final NamedSections sections;

  LdapReader(ConfigurationValues values) {
    this(values, KEYS);
  }

  private LdapReader(ConfigurationValues values, List<ConfigurationKey<?>> keys) {
    this.values = values;
    this.sections = new NamedSections(values, "ldap", "a directory", keys);
  }

  NamedSections sections() {
    return sections;
  }

  /**
   * The directory, if there is one that can be used.
   *
   * @param issuers the names of sections that others have who vouch for users
   */
  Optional<LdapSettings> build(Set<String> issuers) {
    Optional<LdapSettings> built = Optional.empty();
    if (sections.names().size() > 1) {
      values.problem(
          "ldap: there can be one directory, since a name is one user's; there are %s"
              .formatted(String.join(" and ", sections.names())));
    }
    for (String name : sections.names()) {
      sections.checkIssuerName(name);
      if (issuers.contains(name)) {
        values.problem(
            "ldap.%s: there is oidc.%s, too, whose groups would be the same; rename one"
                .formatted(name, name));
      }
      built = settings(sections.section(name), name);
    }
    return built;
  }

  private Optional<LdapSettings> settings(String section, String name) {
    int problems = values.problemCount();
    Optional<URI> url =
        sections.required(
            section,
            key(
                "url",
                "where it is asked, ldaps://HOST or ldap://HOST, which is protected by StartTLS",
                LdapReader::url,
                URI::toString));
    boolean insecure =
        values.get(
            section, truth("insecure", "whether passwords go to ldap://HOST unprotected", false));
    Optional<Path> authorities =
        values.find(
            section, path("ca", "a PEM file with the authorities that its certificate has"));
    Optional<DN> bindDn =
        values.find(section, dn("bind-dn", "as whom it is searched; without it as nobody"));
    Optional<String> bindPassword =
        values.find(section, anyText("bind-password", "that one's password").asSecret());
    Optional<DN> userBase =
        sections.required(section, dn("user-base", "below which users are, such as ou=people,o=x"));
    LdapFilter userFilter =
        values.get(
            section,
            key(
                    "user-filter",
                    "which entry somebody has who signs in as {user}",
                    LdapFilter::new,
                    LdapFilter::toString)
                .withDefault(new LdapFilter("(uid={user})")));
    String userName =
        values.get(
            section,
            text("user-name", "the attribute of that with the user's name").withDefault("uid"));
    Optional<String> groupAttribute =
        values.find(
            section,
            text("group-attribute", "the attribute of a user with their groups, such as memberOf"));
    Optional<DN> groupBase =
        values.find(section, dn("group-base", "below which groups are, whose cn is their name"));
    LdapFilter groupFilter =
        values.get(
            section,
            key(
                    "group-filter",
                    "which groups a user {user} with the entry {dn} is in",
                    LdapFilter::new,
                    LdapFilter::toString)
                .withDefault(new LdapFilter("(member={dn})")));
    Duration timeout =
        values.get(
            section,
            duration(
                "timeout",
                "how long each answer may take",
                Duration.ofSeconds(5),
                Duration.ofMillis(100),
                Duration.ofMinutes(1)));
    int connections =
        values.get(section, number("connections", "the most connections to it", 8, 1, 1_000));

    boolean overTls = url.filter(where -> where.getScheme().equals("ldaps")).isPresent();
    if (insecure && (overTls || authorities.isPresent())) {
      values.problem(
          values.origin(section + "insecure") + " goes neither with ldaps:// nor with ca");
    }
    if (!userFilter.text().contains("{user}")) {
      values.problem(values.origin(section + "user-filter") + " must have {user}");
    }
    if (bindDn.isPresent() != bindPassword.filter(secret -> !secret.isEmpty()).isPresent()) {
      values.problem(
          section + "bind-dn and " + section + "bind-password go together, and neither is empty");
    }
    if (groupAttribute.isPresent() && groupBase.isPresent()) {
      values.problem(
          section
              + "group-attribute and "
              + section
              + "group-base: groups are found by one of them");
    }
    if (groupBase.isEmpty() && values.has(section + "group-filter")) {
      values.problem(
          values.origin(section + "group-filter") + " needs " + section + "group-base beside it");
    }
    if (values.problemCount() > problems) {
      return Optional.empty();
    }
    return Optional.of(
        new LdapSettings(
            name,
            url.map(
                    where ->
                        new LdapSettings.Server(
                            where.getHost(),
                            where.getPort() < 0 ? (overTls ? TLS_PORT : PORT) : where.getPort()))
                .orElseThrow(),
            overTls ? Transport.TLS : insecure ? Transport.PLAIN : Transport.START_TLS,
            authorities,
            bindDn.map(who -> new Bind(who, bindPassword.orElseThrow())),
            userBase.orElseThrow(),
            userFilter,
            userName,
            groupAttribute
                .<Groups>map(Groups.Attribute::new)
                .or(() -> groupBase.map(base -> new Groups.Search(base, groupFilter))),
            timeout,
            connections));
  }

  private static ConfigurationKey<DN> dn(String path, String meaning) {
    return key(path, meaning, LdapReader::dn, DN::toString);
  }

  private static DN dn(String text) {
    try {
      DN dn = new DN(text);
      if (dn.isNullDN()) {
        throw new IllegalArgumentException("must not be empty: it is a DN");
      }
      return dn;
    } catch (LDAPException e) {
      throw new IllegalArgumentException(
          "must be a DN, such as ou=people,dc=example,dc=com, not \"" + text + '"', e);
    }
  }

  private static URI url(String text) {
    String wrong = "must be ldaps://HOST or ldap://HOST, with a port if need be and nothing else";
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(wrong, e);
    }
    if (!("ldap".equals(url.getScheme()) || "ldaps".equals(url.getScheme()))
        || url.getHost() == null
        || url.getRawUserInfo() != null
        || url.getRawQuery() != null
        || url.getRawFragment() != null
        || !(url.getRawPath().isEmpty() || url.getRawPath().equals("/"))) {
      throw new IllegalArgumentException(wrong);
    }
    return url;
  }
}
