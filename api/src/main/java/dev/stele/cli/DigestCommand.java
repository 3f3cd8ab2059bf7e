package dev.stele.cli;

import dev.stele.history.DigestState;
import dev.stele.history.DigestStates;
import dev.stele.history.History;
import dev.stele.history.TagPeriod;
import dev.stele.history.TagPeriods;
import dev.stele.oci.Digest;
import dev.stele.registry.Registry;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
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
final class DigestCommand extends PastCommand {
  private static final int PAGE = 1_000;

  @Parameters(paramLabel = "DIGEST", description = "Such as sha256:1ccb399e...")
  private Digest digest;

  @Option(
      names = "--tags",
      description =
          "The periods during which a tag of any repository pointed to it. Of the other options"
              + " only those of the output apply.")
  private boolean tags;

  @Mixin private EventOptions events;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    Registry registry = inspection.registry();
    registry.indexEvents();
    if (!registry.mentioned(digest)) {
      throw new NotThereException("no event speaks of " + digest);
    }
    if (tags) {
      output().note(out, "%,d periods".formatted(printTags(registry, out)));
      return;
    }
    long count =
        events.print(
            registry,
            history,
            Set.of(),
            Optional.of(digest),
            Function.identity(),
            output(),
            EventsCommand.EVENT,
            out);
    output()
        .note(
            out,
            "%,d events%n%s"
                .formatted(count, told(new DigestStates(registry.archive()).of(digest))));
  }

  private long printTags(Registry registry, PrintWriter out) {
    TagPeriods periods = new TagPeriods(registry);
    long count = 0;
    try (Rows<TagPeriod> rows = output().open(out, PullableCommand.PERIOD)) {
      for (long after = -1; ; ) {
        TagPeriods.OfDigest page = periods.ofDigest(digest, Optional.empty(), after, PAGE);
        page.periods().forEach(rows::add);
        count += page.periods().size();
        if (page.next().isEmpty()) {
          return count;
        }
        after = page.next().getAsLong();
      }
    }
  }

  private static String told(DigestState state) {
    StringBuilder text = new StringBuilder();
    for (DigestState.Place place : state.places()) {
      text.append(
          "now a %s of %s"
              .formatted(place.kind().name().toLowerCase(Locale.ROOT), place.repository()));
      if (!place.tags().isEmpty()) {
        text.append(
            place.tags().stream()
                .map(tag -> tag.value())
                .collect(Collectors.joining(", ", ", tagged ", place.moreTags() ? ", ..." : "")));
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
    if (state.morePlaces()) {
      text.append("and in more repositories").append(System.lineSeparator());
    }
    if (state.places().isEmpty()) {
      text.append("in no repository now").append(System.lineSeparator());
    }
    for (DigestState.Sweep sweep : state.sweeps()) {
      text.append(
          "store %s last gave up its bytes at %s (position %d)%n"
              .formatted(sweep.store(), sweep.at().at(), sweep.at().position()));
    }
    return text.toString().stripTrailing();
  }
}
