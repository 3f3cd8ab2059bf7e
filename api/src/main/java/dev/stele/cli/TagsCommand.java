package dev.stele.cli;

import dev.stele.oci.RepositoryName;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code stele tags}. */
@Command(
    name = "tags",
    description =
        "Lists the tags that a repository has, or had at a moment, what each points to and since"
            + " when.")
final class TagsCommand extends QuestionCommand {
  @Parameters(paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Mixin private AtOption at;

  @Override
  Asking asking() {
    return at.of(Asking.of("tags").at("name", repository));
  }

  @Override
  Optional<String> note(long count, Map<String, Object> about) {
    return Optional.of("Tags at %s: %,d".formatted(about.get("at"), count));
  }
}
