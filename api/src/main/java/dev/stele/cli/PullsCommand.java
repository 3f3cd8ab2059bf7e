package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stele pulls}. */
@Command(
    name = "pulls",
    description = "Lists what was pulled, by whom and how often, as recorded in an interval.")
final class PullsCommand extends QuestionCommand {
  @Mixin private EventOptions events;

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      description = "Only of this manifest, whole or its beginning as tables print it.")
  private DigestText digest;

  @Override
  Asking asking() {
    return events.of(Asking.list(Address.PULLS)).with("digest", digest);
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(
        count(count, "record of pulls", "records of pulls")
            + (count == 0 && digest != null
                ? "; if that is no manifest but a layer or a config: stele exposure %s --pulls"
                    .formatted(digest)
                : ""));
  }
}
