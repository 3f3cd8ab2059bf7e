package dev.stele.server.config;

import static dev.stele.server.config.ConfigurationKey.choice;
import static dev.stele.server.config.ConfigurationKey.duration;
import static dev.stele.server.config.ConfigurationKey.key;
import static dev.stele.server.config.ConfigurationKey.list;

import dev.stele.event.EventCodec;
import dev.stele.policy.RepositoryGlob;
import dev.stele.server.webhook.SigningSecret;
import dev.stele.server.webhook.WebhookSettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads {@code webhooks.<name>.<key>}: who is told of events. */
final class WebhooksReader {
  /** Where a new webhook begins. */
  enum From {
    NOW,
    START
  }

  /** Every key of a webhook. */
  static final List<ConfigurationKey<?>> KEYS =
      ConfigurationValues.asked(values -> new WebhooksReader(values, List.of()).settings(""));

  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
  private static final int LONGEST_NAME = 64;

  private final ConfigurationValues values;
  private final NamedSections sections;

  WebhooksReader(ConfigurationValues values) {
    this(values, KEYS);
  }

  private WebhooksReader(ConfigurationValues values, List<ConfigurationKey<?>> keys) {
    this.values = values;
    this.sections = new NamedSections(values, "webhooks", "a webhook", keys);
  }

  NamedSections sections() {
    return sections;
  }

  /** The webhooks by name, those that can be used. */
  Map<String, WebhookSettings> build() {
    Map<String, WebhookSettings> built = new TreeMap<>();
    for (String name : sections.names()) {
      String section = sections.section(name);
      checkName(values, name, section);
      settings(section).ifPresent(settings -> built.put(name, settings));
    }
    return built;
  }

  /** Notes a problem if a name is none for who is told of events. */
  static void checkName(ConfigurationValues values, String name, String section) {
    if (!NAME.matcher(name).matches() || name.length() > LONGEST_NAME) {
      values.problem(
          section.substring(0, section.length() - 1)
              + ": the name must have lower-case letters, digits and single dashes, at most "
              + LONGEST_NAME
              + " characters");
    }
  }

  private Optional<WebhookSettings> settings(String section) {
    Optional<URI> url =
        sections.required(
            section,
            key(
                "url",
                "where events are sent, such as https://ci.example.com/hooks/stele",
                WebhooksReader::url,
                WebhookSettings::address));
    Optional<List<SigningSecret>> secrets =
        sections.required(
            section,
            key(
                    "secret",
                    "whsec_ and base64, as a list or separated by , if there are several",
                    WebhooksReader::secrets,
                    Object::toString)
                .withDefault(List.of())
                .asSecret());
    WebhookSettings settings =
        new WebhookSettings(
            url.orElse(URI.create("")),
            secrets.orElse(List.of()),
            values.get(
                section,
                list(
                    "types",
                    "the types of events that are sent",
                    ',',
                    WebhooksReader::type,
                    Function.identity())),
            values.get(
                section,
                list(
                    "repositories",
                    "globs of the repositories whose events are sent",
                    ',',
                    RepositoryGlob::parse,
                    RepositoryGlob::toString)),
            values.get(
                section,
                duration(
                    "timeout",
                    "how long the receiver may take to answer",
                    Duration.ofSeconds(10),
                    Duration.ofMillis(100),
                    Duration.ofMinutes(1))),
            values.get(section, choice("from", "now or start", From.class, From.NOW))
                == From.START);
    return url.isPresent() && secrets.isPresent() ? Optional.of(settings) : Optional.empty();
  }

  /** No message shows the text, of which any part may be a token. */
  static URI url(String text) {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "is not a URL: " + e.getReason() + " at character " + e.getIndex(), e);
    }
    if (!("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
        || url.getHost() == null) {
      throw new IllegalArgumentException("must be a URL, http://HOST/... or https://HOST/...");
    }
    if (url.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "must not have a user or password before the host: nothing would be done with them");
    }
    if (url.getRawFragment() != null) {
      throw new IllegalArgumentException("must not have a fragment (#...)");
    }
    return url;
  }

  private static List<SigningSecret> secrets(String text) {
    return Stream.of(text.split("[," + ConfigurationKey.LIST_SEPARATOR + "]", -1))
        .map(String::strip)
        .map(SigningSecret::parse)
        .toList();
  }

  /** A type of events. */
  static String type(String text) {
    if (!EventCodec.typeNames().contains(text)) {
      throw new IllegalArgumentException(
          "must be types of events, not \""
              + text
              + "\"; they are "
              + String.join(", ", new TreeSet<>(EventCodec.typeNames())));
    }
    return text;
  }
}
