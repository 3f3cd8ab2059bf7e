package dev.stele.server.config;

import dev.stele.event.EventCodec;
import dev.stele.policy.RepositoryGlob;
import dev.stele.server.webhook.SigningSecret;
import dev.stele.server.webhook.WebhookSettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/** What can be said of a webhook: {@code webhooks.<name>.<key>}. */
final class WebhookKeys {
  /** Where a new webhook begins. */
  enum From {
    NOW,
    START
  }

  static final ConfigurationKey<URI> URL =
      new ConfigurationKey<>(
          "url",
          "where events are sent, such as https://ci.example.com/hooks/stele",
          WebhookKeys::url,
          WebhookSettings::address,
          Optional.empty(),
          false);

  static final ConfigurationKey<List<SigningSecret>> SECRET =
      new ConfigurationKey<>(
              "secret",
              "whsec_ and base64, as a list or separated by , if there are several",
              WebhookKeys::secrets,
              Object::toString,
              Optional.of(List.<SigningSecret>of()),
              false)
          .asSecret();

  static final ConfigurationKey<List<String>> TYPES =
      ConfigurationKey.list(
          "types",
          "the types of events that are sent",
          ',',
          WebhookKeys::type,
          Function.identity());

  static final ConfigurationKey<List<RepositoryGlob>> REPOSITORIES =
      ConfigurationKey.list(
          "repositories",
          "globs of the repositories whose events are sent",
          ',',
          RepositoryGlob::parse,
          RepositoryGlob::toString);

  static final ConfigurationKey<Duration> TIMEOUT =
      ConfigurationKey.duration(
          "timeout",
          "how long the receiver may take to answer",
          Duration.ofSeconds(10),
          Duration.ofMillis(100),
          Duration.ofMinutes(1));

  static final ConfigurationKey<From> FROM =
      ConfigurationKey.choice("from", "now or start", From.class, From.NOW);

  static final List<ConfigurationKey<?>> ALL =
      List.of(URL, SECRET, TYPES, REPOSITORIES, TIMEOUT, FROM);

  private WebhookKeys() {}

  /** No message shows the text, of which any part may be a token. */
  private static URI url(String text) {
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

  private static String type(String text) {
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
