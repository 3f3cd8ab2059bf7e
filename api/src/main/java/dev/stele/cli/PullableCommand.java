package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.question.Address;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code stele pullable}. */
@Command(
    name = "pullable",
    description =
        "Lists what could be pulled by tag from a repository at some time between two moments.")
final class PullableCommand extends QuestionCommand {
  @Parameters(index = "0", paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Parameters(index = "1", paramLabel = "FROM", description = "From " + AtOption.MOMENT + ".")
  private Moment from;

  @Parameters(index = "2", arity = "0..1", paramLabel = "TO", description = "Default: now")
  private Moment to;

  @Override
  Asking asking() {
    return Asking.list(Address.PULLABLE).at("name", repository).with("from", from).with("to", to);
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(
        "%s between %s and %s"
            .formatted(
                count(count, "period", "periods"),
                moment(about.path("from")),
                moment(about.path("to"))));
  }
}
