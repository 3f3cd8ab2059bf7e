package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.policy.RepositoryGlob;
import dev.stele.question.Address;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention log}. */
@Command(
    name = "log",
    description = {
      "Lists the evaluations on record, oldest first.",
      "What keeps everything is not recorded."
    })
final class RetentionLog extends QuestionCommand {
  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only repositories such as team/**.")
  private RepositoryGlob repositories;

  @Override
  Asking asking() {
    return Asking.list(Address.EVALUATIONS).with("repository", repositories);
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(count(count, "evaluation", "evaluations"));
  }
}
