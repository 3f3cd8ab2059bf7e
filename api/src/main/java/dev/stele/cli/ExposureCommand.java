package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import java.util.HashSet;
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

  private final Set<String> manifests = new HashSet<>();
  private boolean moreIndexes;

  @Override
  Asking asking() {
    return Asking.list(pulls ? Address.EXPOSURE_PULLS : Address.EXPOSURE_PERIODS)
        .with("digest", digest);
  }

  /** A digest that nobody has heard of is exposed nowhere, which is an answer. */
  @Override
  Optional<JsonNode> unknown() {
    ObjectNode nothing = JsonNodeFactory.instance.objectNode();
    nothing.putArray("items");
    return digest.whole() ? Optional.of(nothing) : Optional.empty();
  }

  @Override
  void seen(Cells row) {
    manifests.add(row.get("digest").asText() + " " + row.get("via").asText());
    moreIndexes |= row.get("moreIndexes").asBoolean();
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
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
