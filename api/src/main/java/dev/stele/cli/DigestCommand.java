package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stele digest}. */
@Command(
    name = "digest",
    description =
        "Tells the life of a manifest or blob: every event that speaks of it, and where it is now;"
            + " or, with --tags, where it was tagged and when.")
final class DigestCommand extends QuestionCommand {
  @Parameters(
      paramLabel = "DIGEST",
      description = "Such as sha256:1ccb399e..., or its beginning as tables print it.")
  private DigestText digest;

  @Option(
      names = "--tags",
      description =
          "The periods during which a tag of any repository pointed to it. Of the other options"
              + " only --repository, --limit and those of the output apply.")
  private boolean tags;

  @Mixin private EventOptions events;

  @Override
  Asking asking() {
    return tags
        ? events.ofPlaces(Asking.list(Address.TAGS_OF_DIGEST).with("digest", digest))
        : events.of(Asking.list(Address.DIGEST).at("digest", digest));
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(
        tags
            ? count(count, "period", "periods")
                + (count == 0
                    ? "; if that is no manifest but a layer or a config: stele exposure " + digest
                    : "")
            : "%s%n%s".formatted(count(count, "event", "events"), told(about)));
  }

  private static String told(JsonNode about) {
    StringBuilder text = new StringBuilder();
    JsonNode places = about.path("repositories");
    for (JsonNode place : places) {
      text.append(
          "now a %s of %s"
              .formatted(place.path("kind").asText(), place.path("repository").asText()));
      List<String> tagged = new ArrayList<>();
      place.path("tags").forEach(tag -> tagged.add(tag.asText()));
      if (!tagged.isEmpty()) {
        text.append(", tagged ").append(String.join(", ", tagged));
        text.append(place.has("moreTags") ? ", ..." : "");
      }
      if (place.has("unreachableSince")) {
        text.append(", which no root reaches since ")
            .append(told("%s (position %d)", place.get("unreachableSince")));
      }
      text.append(System.lineSeparator());
    }
    if (about.has("moreRepositories")) {
      text.append("and in more repositories").append(System.lineSeparator());
    }
    if (places.isEmpty()) {
      text.append("in no repository now").append(System.lineSeparator());
    }
    for (JsonNode sweep : about.path("swept")) {
      text.append("store %s last gave up its bytes at ".formatted(sweep.path("store").asText()))
          .append(told("%s (position %d)%n", sweep));
    }
    return text.toString().stripTrailing();
  }

  private static String told(String format, JsonNode point) {
    return format.formatted(point.path("at").asText(), point.path("position").asLong());
  }
}
