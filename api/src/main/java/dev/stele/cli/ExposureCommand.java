package dev.stele.cli;

import dev.stele.oci.Digest;
import dev.stele.question.DigestText;
import dev.stele.question.ExposureQuestions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stele exposure}. */
@Command(
    name = "exposure",
    description = {
      "Tells where a digest is and was, such as that of a layer or base image that is now known to"
          + " be bad: in which manifests, in which repositories, under which tags and when; or,"
          + " with --pulls, who pulled it.",
      "A row without a tag says when the repository had the manifest at all. An index is told of"
          + " once for each image in it that has the digest (VIA)."
    })
final class ExposureCommand extends QuestionCommand {
  @Parameters(
      paramLabel = "DIGEST",
      description =
          "Of a layer, a config, an image, an index or anything else, whole or its beginning as"
              + " tables print it.")
  private DigestText digest;

  @Option(
      names = "--pulls",
      description = "Who pulled the manifests that have it, how often, and when first and last.")
  private boolean pulls;

  private final Set<List<Optional<Digest>>> manifests = new HashSet<>();
  private boolean moreIndexes;

  @Override
  Asking asking() {
    return Asking.of(pulls ? "exposure --pulls" : "exposure").with("digest", digest);
  }

  @Override
  void seen(Object row) {
    switch (row) {
      case ExposureQuestions.PeriodRow period -> {
        manifests.add(List.of(Optional.of(period.digest()), period.via()));
        moreIndexes |= period.moreIndexes().isPresent();
      }
      case ExposureQuestions.PullRow pulled -> {
        manifests.add(List.of(Optional.of(pulled.digest()), pulled.via()));
        moreIndexes |= pulled.moreIndexes().isPresent();
      }
      default -> throw new IllegalArgumentException("not a row of exposure: " + row);
    }
  }

  @Override
  Optional<String> note(long count, Map<String, Object> about) {
    if (count == 0) {
      return Optional.of(
          pulls
              ? "No pull of a manifest that is or names " + digest + " is on record."
              : "No manifest that was ever put is or names " + digest + ".");
    }
    String totals =
        pulls
            ? "Manifests that were pulled: %,d; rows of pulls: %,d"
            : "Manifests that have it: %,d; periods: %,d";
    return Optional.of(
        totals.formatted(manifests.size(), count)
            + (moreIndexes
                ? System.lineSeparator()
                    + "Some image is in more indexes than are told of here; ask for the image's own"
                    + " digest."
                : ""));
  }
}
