package dev.stele.server.config;

import dev.stele.server.webhook.SigningSecret;
import dev.stele.server.webhook.WebhookSettings;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Reads {@code webhooks.<name>.<key>}: who is told of events. */
final class WebhooksReader {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
  private static final int LONGEST_NAME = 64;

  private final ConfigurationValues values;
  private final NamedSections sections;

  WebhooksReader(ConfigurationValues values) {
    this.values = values;
    this.sections = new NamedSections(values, "webhooks", "a webhook", WebhookKeys.ALL);
  }

  NamedSections sections() {
    return sections;
  }

  /** The webhooks by name, those that can be used. */
  Map<String, WebhookSettings> build() {
    Map<String, WebhookSettings> built = new TreeMap<>();
    for (String name : sections.names()) {
      String section = sections.section(name);
      if (!NAME.matcher(name).matches() || name.length() > LONGEST_NAME) {
        values.problem(
            section.substring(0, section.length() - 1)
                + ": a webhook's name has lower-case letters, digits and single dashes, at most "
                + LONGEST_NAME
                + " characters");
      }
      settings(section).ifPresent(settings -> built.put(name, settings));
    }
    return built;
  }

  private Optional<WebhookSettings> settings(String section) {
    Optional<URI> url = sections.required(section, WebhookKeys.URL);
    Optional<List<SigningSecret>> secrets = sections.required(section, WebhookKeys.SECRET);
    WebhookSettings settings =
        new WebhookSettings(
            url.orElse(URI.create("")),
            secrets.orElse(List.of()),
            values.find(section, WebhookKeys.TYPES).orElseThrow(),
            values.find(section, WebhookKeys.REPOSITORIES).orElseThrow(),
            values.find(section, WebhookKeys.TIMEOUT).orElseThrow(),
            values.find(section, WebhookKeys.FROM).orElseThrow() == WebhookKeys.From.START);
    return url.isPresent() && secrets.isPresent() ? Optional.of(settings) : Optional.empty();
  }
}
