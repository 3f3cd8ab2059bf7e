package dev.stele.server.config;

import static dev.stele.server.config.ConfigurationKey.anyText;
import static dev.stele.server.config.ConfigurationKey.choice;
import static dev.stele.server.config.ConfigurationKey.duration;
import static dev.stele.server.config.ConfigurationKey.key;
import static dev.stele.server.config.ConfigurationKey.list;
import static dev.stele.server.config.ConfigurationKey.path;
import static dev.stele.server.config.ConfigurationKey.text;

import dev.stele.event.Identity;
import dev.stele.registry.Sessions;
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
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads {@code oidc.<name>.<key>}: who issues tokens that say who somebody is. */
final class OidcReader {
  /** What it vouches for. */
  enum Vouched {
    WORKLOAD,
    USER
  }

  private static final ConfigurationKey<Vouched> KIND =
      choice(
          "kind",
          "workload or user: whether it vouches for programs or for people",
          Vouched.class,
          Vouched.WORKLOAD);

  /** As RFC 6749 has it. */
  private static final Pattern SCOPE = Pattern.compile("[\\x21\\x23-\\x5b\\x5d-\\x7e]+");

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
    ConfigurationKey<List<String>> audience =
        list(
            "audience",
            "what tokens that are sent here have as aud, such as https://registry.example.com",
            ',',
            Function.identity(),
            Function.identity());
    Optional<String> clientId =
        values.find(
            section,
            text("client-id", "what the issuer calls this registry, where people sign in by it"));
    Optional<String> clientSecret =
        values.find(
            section,
            anyText("client-secret", "what proves that to it, of a confidential client")
                .asSecret());
    List<String> scopes =
        values.get(
            section,
            list(
                    "scopes",
                    "what it is asked for about people",
                    ',',
                    Function.<String>identity(),
                    Function.<String>identity())
                .withDefault(List.of("openid", "profile", "email")));
    Duration session =
        values.get(
            section,
            duration(
                "session",
                "how long people are signed in",
                Duration.ofHours(12),
                Duration.ofMinutes(1),
                Sessions.LONGEST));
    Optional<List<String>> audiences =
        clientId.isPresent()
            ? Optional.of(values.find(section, audience).orElse(List.of()))
            : sections.required(section, audience);
    Vouched kind = values.get(section, KIND);
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
    if (keys.isEmpty()) {
      issuer.ifPresent(text -> checkAddress(section, text));
    } else if (authorities.isPresent()) {
      values.problem(
          values.origin(section + "ca") + " is of no use beside jwks-file: nothing is asked");
    }
    if (clientId.isPresent()) {
      checkClient(section, keys.isPresent(), kind, clientSecret, scopes);
    } else {
      for (String key : List.of("client-secret", "scopes", "session")) {
        if (values.has(section + key)) {
          values.problem(values.origin(section + key) + " is of no use without client-id");
        }
      }
    }
    boolean named = values.has(section + "audience") || clientId.isEmpty();
    if (named && audiences.filter(List::isEmpty).isPresent()) {
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
            kind == Vouched.USER || clientId.isPresent()
                ? Identity.Kind.USER
                : Identity.Kind.WORKLOAD,
            clientId.map(id -> new OidcSettings.Client(id, clientSecret, scopes, session))));
  }

  /** What goes with a client, by which people sign in. */
  private void checkClient(
      String section,
      boolean keysInFile,
      Vouched kind,
      Optional<String> secret,
      List<String> scopes) {
    if (keysInFile) {
      values.problem(
          values.origin(section + "jwks-file")
              + " does not go with client-id: where people sign in, the issuer's discovery says");
    }
    if (values.has(section + "kind") && kind == Vouched.WORKLOAD) {
      values.problem(
          values.origin(section + "kind")
              + " does not go with client-id: people sign in; give workloads a section of their"
              + " own");
    }
    if (secret.filter(String::isEmpty).isPresent()) {
      values.problem(
          section + "client-secret is empty: leave it out if the client is a public one");
    }
    if (!scopes.contains("openid")) {
      values.problem(values.origin(section + "scopes") + " must have openid");
    }
    for (String scope : scopes) {
      if (!SCOPE.matcher(scope).matches()) {
        values.problem(values.origin(section + "scopes") + " must have words without spaces");
      }
    }
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
