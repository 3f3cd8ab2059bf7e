package dev.stele.cli;

import dev.stele.question.DigestText;
import dev.stele.question.EventQuestions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
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
              + " only those of the output apply.")
  private boolean tags;

  @Mixin private EventOptions events;

  @Override
  Asking asking() {
    return tags
        ? Asking.of("digest --tags").with("digest", digest)
        : events.of(Asking.of("digest").at("digest", digest));
  }

  @Override
  Optional<String> note(long count, Map<String, Object> about) {
    return Optional.of(
        tags
            ? count(count, "period", "periods")
                + (count == 0
                    ? "; if that is no manifest but a layer or a config: stele exposure " + digest
                    : "")
            : "%s%n%s".formatted(count(count, "event", "events"), told(about)));
  }

  private static String told(Map<String, Object> about) {
    StringBuilder text = new StringBuilder();
    List<EventQuestions.Place> places = rows(about, "repositories", EventQuestions.Place.class);
    for (EventQuestions.Place place : places) {
      text.append("now a %s of %s".formatted(place.kind(), place.repository()));
      if (!place.tags().isEmpty()) {
        text.append(
            place.tags().stream()
                .map(tag -> tag.value())
                .collect(
                    Collectors.joining(
                        ", ", ", tagged ", place.moreTags().isPresent() ? ", ..." : "")));
      }
      place
          .unreachableSince()
          .ifPresent(
              since ->
                  text.append(
                      ", which no root reaches since %s (position %d)"
                          .formatted(since.at(), since.position())));
      text.append(System.lineSeparator());
    }
    if (about.containsKey("moreRepositories")) {
      text.append("and in more repositories").append(System.lineSeparator());
    }
    if (places.isEmpty()) {
      text.append("in no repository now").append(System.lineSeparator());
    }
    for (EventQuestions.Swept sweep : rows(about, "swept", EventQuestions.Swept.class)) {
      text.append(
          "store %s last gave up its bytes at %s (position %d)%n"
              .formatted(sweep.store(), sweep.at(), sweep.position()));
    }
    return text.toString().stripTrailing();
  }

  private static <T> List<T> rows(Map<String, Object> about, String key, Class<T> row) {
    return ((List<?>) about.get(key)).stream().map(row::cast).toList();
  }
}
