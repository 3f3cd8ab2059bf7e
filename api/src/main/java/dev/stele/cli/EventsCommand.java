package dev.stele.cli;

import dev.stele.question.DigestText;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stele events}. */
@Command(
    name = "events",
    description =
        "Lists events, by any mix of time, actor, type, repository, digest, tag and cause.")
final class EventsCommand extends QuestionCommand {
  @Mixin private EventOptions events;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only events of this type, such as TagMoved; may be given more than once.")
  private Set<String> types = Set.of();

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      description = "Only what speaks of this digest, whole or its beginning as tables print it.")
  private DigestText digest;

  @Override
  Asking asking() {
    Asking asking = events.of(Asking.of("events")).with("digest", digest);
    for (String type : types) {
      asking = asking.with("type", type);
    }
    return asking;
  }

  @Override
  Optional<String> note(long count, Map<String, Object> about) {
    return Optional.of(count(count, "event", "events"));
  }
}
