package dev.stele.server.config;

import static dev.stele.server.config.ConfigurationKey.choice;
import static dev.stele.server.config.ConfigurationKey.duration;
import static dev.stele.server.config.ConfigurationKey.key;
import static dev.stele.server.config.ConfigurationKey.list;
import static dev.stele.server.config.ConfigurationKey.path;
import static dev.stele.server.config.ConfigurationKey.text;

import dev.stele.event.Identity;
import dev.stele.server.auth.ClaimTemplate;
import dev.stele.server.auth.OidcSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads {@code oidc.<name>.<key>}: who issues tokens that say who somebody is. */
final class OidcReader {
  /** What it vouches for. */
  enum Vouched {
    WORKLOAD,
    USER
  }

  /** Every key of an issuer. */
  static final List<ConfigurationKey<?>> KEYS =
      ConfigurationValues.asked(values -> new OidcReader(values, List.of()).settings("", ""));

  private final ConfigurationValues values;
  private final NamedSections sections;

  OidcReader(ConfigurationValues values) {
    this(values, KEYS);
  }

  private OidcReader(ConfigurationValues values, List<ConfigurationKey<?>> keys) {
    this.values = values;
    this.sections = new NamedSections(values, "oidc", "an issuer", keys);
  }

  NamedSections sections() {
    return sections;
  }

  /**
   * The issuers, those that can be used.
   *
   * @param policy whether there is an access policy
   */
  List<OidcSettings> build(boolean policy) {
    List<OidcSettings> built = new ArrayList<>();
    Set<String> issued = new HashSet<>();
    for (String name : sections.names()) {
      sections.checkIssuerName(name);
      Optional<OidcSettings> found = settings(sections.section(name), name);
      if (found.isPresent()) {
        OidcSettings settings = found.get();
        built.add(settings);
        for (String audience : settings.audiences()) {
          if (!issued.add(settings.issuer() + "\n" + audience)) {
            values.problem(
                "%s.audience: another section is about %s of %s, too"
                    .formatted(settings.section(), audience, settings.issuer()));
          }
        }
        if (!policy && settings.required().isEmpty()) {
          values.problem(
              ("%s needs require, or access: without either, whoever this issuer gives a token"
                      + " for the audience could do everything")
                  .formatted(settings.section()));
        }
      }
    }
    return built;
  }

  private Optional<OidcSettings> settings(String section, String name) {
    int problems = values.problemCount();
    Optional<String> issuer =
        sections.required(
            section,
            text("issuer", "what its tokens have as iss, such as https://gitlab.example.com"));
    Optional<List<String>> audiences =
        sections.required(
            section,
            list(
                "audience",
                "what its tokens have as aud, such as https://registry.example.com",
                ',',
                Function.identity(),
                Function.identity()));
    Optional<Path> keys =
        values.find(
            section,
            path("jwks-file", "a file with its public keys, where its discovery is not asked"));
    Optional<Path> authorities =
        values.find(
            section, path("ca", "a PEM file with the authorities that its host's certificate has"));
    ClaimTemplate user =
        values.get(
            section,
            key(
                    "user",
                    "what users are called, by claims such as ${repository}",
                    ClaimTemplate::new,
                    ClaimTemplate::toString)
                .withDefault(new ClaimTemplate("${sub}")));
    List<ClaimTemplate> groups =
        values.get(
            section,
            list(
                "groups",
                "in which groups they are, by claims such as ${groups}",
                ',',
                ClaimTemplate::new,
                ClaimTemplate::toString));
    List<Map.Entry<String, String>> required =
        values.get(
            section,
            list(
                "require",
                "claims that a token must have, such as repository_owner=octo-org",
                ',',
                OidcReader::claim,
                claim -> claim.getKey() + "=" + claim.getValue()));
    Duration leeway =
        values.get(
            section,
            duration(
                "leeway",
                "by how much its clock may differ",
                Duration.ofSeconds(30),
                Duration.ZERO,
                Duration.ofMinutes(5)));
    Vouched kind =
        values.get(
            section,
            choice(
                "kind",
                "workload or user: whether it vouches for programs or for people",
                Vouched.class,
                Vouched.WORKLOAD));
    if (keys.isEmpty()) {
      issuer.ifPresent(text -> checkAddress(section, text));
    } else if (authorities.isPresent()) {
      values.problem(
          values.origin(section + "ca") + " is of no use beside jwks-file: nothing is asked");
    }
    if (audiences.filter(List::isEmpty).isPresent()) {
      values.problem(values.origin(section + "audience") + " must name an audience at least");
    }
    if (values.problemCount() > problems) {
      return Optional.empty();
    }
    return Optional.of(
        new OidcSettings(
            name,
            issuer.orElseThrow(),
            Set.copyOf(audiences.orElseThrow()),
            keys,
            authorities,
            user,
            groups,
            required.stream()
                .collect(
                    Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (_, last) -> last)),
            leeway,
            kind == Vouched.USER ? Identity.Kind.USER : Identity.Kind.WORKLOAD));
  }

  private void checkAddress(String section, String issuer) {
    try {
      URI _ = OidcSettings.address(issuer);
    } catch (IllegalArgumentException e) {
      values.problem(values.origin(section + "issuer") + " " + e.getMessage());
    }
  }

  private static Map.Entry<String, String> claim(String text) {
    int equals = text.indexOf('=');
    if (equals <= 0) {
      throw new IllegalArgumentException(
          "must be claims and their values, such as repository_owner=octo-org, not \""
              + text
              + "\"");
    }
    return Map.entry(text.substring(0, equals).strip(), text.substring(equals + 1).strip());
  }
}
