package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.question.Address;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code stele diff}. */
@Command(
    name = "diff",
    description =
        "Lists which tags of a repository were added, moved or removed, and which manifests were"
            + " added or removed, from one moment to a later one. A manifest that was added has TO,"
            + " one that was removed has FROM.")
final class DiffCommand extends QuestionCommand {
  @Parameters(index = "0", paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Parameters(index = "1", paramLabel = "FROM", description = "From " + AtOption.MOMENT + ".")
  private Moment from;

  @Parameters(index = "2", arity = "0..1", paramLabel = "TO", description = "Default: now")
  private Moment to;

  @Override
  Asking asking() {
    return Asking.list(Address.DIFF).at("name", repository).with("from", from).with("to", to);
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(
        "Differences between %s and %s: %,d. What came and went in between is not among them; stele tag-moves --repository %s has each move of a tag."
            .formatted(moment(about.path("from")), moment(about.path("to")), count, repository));
  }
}
