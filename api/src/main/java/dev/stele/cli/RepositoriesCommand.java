package dev.stele.cli;

import java.util.Map;
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
    return at.of(Asking.of("repositories"));
  }

  @Override
  Optional<String> note(long count, Map<String, Object> about) {
    return Optional.of("Repositories at %s: %,d".formatted(about.get("at"), count));
  }
}
