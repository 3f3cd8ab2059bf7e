package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code stele repositories}. */
@Command(
    name = "repositories",
    description = "Lists the repositories that there are, or were at a moment.")
final class RepositoriesCommand extends QuestionCommand {
  @Mixin private AtOption at;

  @Override
  Asking asking() {
    return at.of(Asking.list(Address.REPOSITORIES));
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of("Repositories at %s: %,d".formatted(moment(about.path("at")), count));
  }
}
