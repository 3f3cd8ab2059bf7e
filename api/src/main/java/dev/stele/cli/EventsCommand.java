package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
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
    Asking asking = events.of(Asking.list(Address.EVENTS)).with("digest", digest);
    for (String type : types) {
      asking = asking.with("type", type);
    }
    return asking;
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(count(count, "event", "events"));
  }
}
