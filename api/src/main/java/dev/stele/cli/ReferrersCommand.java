package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.RepositoryName;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stele referrers}. */
@Command(
    name = "referrers",
    description =
        "Lists what refers to a manifest of a repository, such as its signatures, or did at a"
            + " moment.")
final class ReferrersCommand extends QuestionCommand {
  @Parameters(index = "0", paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Parameters(
      index = "1",
      paramLabel = "DIGEST",
      description = "Of the manifest referred to, or its beginning as tables print it.")
  private DigestText subject;

  @Option(
      names = "--artifact-type",
      paramLabel = "TYPE",
      description = "Only referrers of this artifact type.")
  private String artifactType;

  @Mixin private AtOption at;

  @Override
  Asking asking() {
    return at.of(
        Asking.list(Address.REFERRERS)
            .at("name", repository)
            .at("digest", subject)
            .with("artifact-type", artifactType));
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of("Referrers at %s: %,d".formatted(moment(about.path("at")), count));
  }
}
