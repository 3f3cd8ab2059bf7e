package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stele tag-moves}. */
@Command(
    name = "tag-moves",
    description = "Lists which tags were created, moved and deleted, such as in a change window.")
final class TagMovesCommand extends QuestionCommand {
  @Mixin private EventOptions events;

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      description =
          "Only where a tag came to this digest, or left it, whole or its beginning as tables print"
              + " it.")
  private DigestText digest;

  @Override
  Asking asking() {
    return events.of(Asking.list(Address.TAG_MOVES)).with("digest", digest);
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(count(count, "change of tags", "changes of tags"));
  }
}
