package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.history.PastTag;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.TagView;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code stele tag-history}. */
@Command(
    name = "tag-history",
    description =
        "Lists every digest that a tag had, newest first, from when until when and by whom, also of"
            + " a tag that was deleted.")
final class TagHistoryCommand extends PastCommand {
  private static final int MOST_TAGS = 10;

  private static final Columns<TagView.Period> PERIOD =
      Columns.of(TagView.Period.class)
          .with("digest", TagView.Period::digest)
          .with("from", TagView.Period::from)
          .with("fromPosition", TagView.Period::fromPosition)
          .with("fromActor", TagView.Period::fromActor)
          .with("until", TagView.Period::until)
          .with("untilPosition", TagView.Period::untilPosition)
          .with("untilActor", TagView.Period::untilActor)
          .with("endedBy", TagView.Period::endedBy)
          .with("mediaType", TagView.Period::mediaType)
          .with("size", TagView.Period::size);

  @Parameters(paramLabel = "REPOSITORY:TAG", description = "Such as team/app:v1.")
  private RecordTypes.TagName name;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    long count =
        printAll(
            out,
            PERIOD,
            (last, limit) -> {
              Outcome<List<TagView.Period>> found =
                  inspection
                      .registry()
                      .tagHistory(
                          name.repository(),
                          name.tag(),
                          limit + 1,
                          last.map(TagView.Period::fromPosition));
              if (found instanceof Outcome.Refused<?>(Refusal.UnknownManifest _)) {
                throw new NotThereException(
                    "repository %s never had a tag %s; %s"
                        .formatted(
                            name.repository(), name.tag(), tags(history, name.repository())));
              }
              return Page.of(Absence.present(history, found), limit);
            });
    output().note(out, "Periods of %s: %,d".formatted(name, count));
  }

  /** What a person may have meant. */
  private static String tags(History history, RepositoryName repository) {
    Page<PastTag> page =
        Absence.present(
            history, history.tags(history.now(), repository, Optional.empty(), MOST_TAGS));
    return page.items().isEmpty()
        ? "it has no tags now"
        : page.items().stream()
            .map(tag -> tag.tag().value())
            .collect(Collectors.joining(", ", "it has ", page.more() ? ", ..." : ""));
  }
}
