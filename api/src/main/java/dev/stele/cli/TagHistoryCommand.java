package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code stele tag-history}. */
@Command(
    name = "tag-history",
    description =
        "Lists every digest that a tag had, newest first, from when until when, by whom and why,"
            + " also of a tag that was deleted.")
final class TagHistoryCommand extends QuestionCommand {
  @Parameters(paramLabel = "REPOSITORY:TAG", description = "Such as team/app:v1.")
  private RecordTypes.TagName name;

  @Override
  Asking asking() {
    return Asking.list(Address.TAG_HISTORY).at("name", name.repository()).at("tag", name.tag());
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of("Periods of %s: %,d".formatted(name, count));
  }
}
