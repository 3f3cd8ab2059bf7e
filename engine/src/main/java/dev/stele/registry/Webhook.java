package dev.stele.registry;

import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import java.util.List;
import java.util.Set;

/**
 * Somebody who is told of events as they are recorded: each once at least, in the order of the log.
 *
 * @param name under which the log remembers how far it has come
 * @param types of the events that it wants, such as {@code TagMoved}; empty for all
 * @param repositories whose events it wants; empty for all events, also those of no repository
 * @param fromStart whether a new one begins with the first event of the log, not with the next
 */
public record Webhook(
    String name,
    Set<String> types,
    List<RepositoryGlob> repositories,
    boolean fromStart,
    WebhookReceiver receiver) {
  public Webhook {
    types = Set.copyOf(types);
    repositories = List.copyOf(repositories);
  }

  /** Whether an event is to be delivered; others are passed over. */
  boolean wants(EventEntry event) {
    return (types.isEmpty() || types.contains(event.type()))
        && (repositories.isEmpty()
            || event
                .repository()
                .map(RepositoryName::parse)
                .filter(name -> repositories.stream().anyMatch(glob -> glob.matches(name)))
                .isPresent());
  }
}
