package dev.stele.server.webhook;

import dev.stele.policy.RepositoryGlob;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * A receiver of events, and what it is sent.
 *
 * @param url http or https; it may have a token in its path or query
 * @param secrets each message is signed with every one, so that a receiver can change from one to
 *     another; one at least
 * @param types of events; empty for all
 * @param repositories empty for all
 * @param timeout for the whole answer to a message
 * @param fromStart whether a new webhook begins with the first event of the log
 */
public record WebhookSettings(
    URI url,
    List<SigningSecret> secrets,
    List<String> types,
    List<RepositoryGlob> repositories,
    Duration timeout,
    boolean fromStart) {
  public WebhookSettings {
    secrets = List.copyOf(secrets);
    types = List.copyOf(types);
    repositories = List.copyOf(repositories);
  }

  /** Where messages go, without what may be a token. */
  public static String address(URI url) {
    String authority = url.getScheme() + "://" + url.getRawAuthority();
    boolean more = url.getRawQuery() != null || url.getRawPath().length() > 1;
    return more ? authority + "/..." : authority;
  }
}
