package dev.stele.cli;

import java.util.Map;
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
    return Asking.of("tag-history").at("name", name.repository()).at("tag", name.tag());
  }

  @Override
  Optional<String> note(long count, Map<String, Object> about) {
    return Optional.of("Periods of %s: %,d".formatted(name, count));
  }
}
