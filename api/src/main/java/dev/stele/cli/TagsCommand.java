package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.RepositoryName;
import dev.stele.question.Address;
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
    return at.of(Asking.list(Address.TAGS).at("name", repository));
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of("Tags at %s: %,d".formatted(moment(about.path("at")), count));
  }
}
