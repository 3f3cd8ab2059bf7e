package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.history.PastTag;
import dev.stele.log.AsOf;
import dev.stele.oci.RepositoryName;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code stele tags}. */
@Command(
    name = "tags",
    description =
        "Lists the tags that a repository has, or had at a moment, what each points to and since"
            + " when.")
final class TagsCommand extends PastCommand {
  private static final Columns<PastTag> TAG =
      Columns.of(PastTag.class)
          .with("name", PastTag::tag)
          .with("digest", PastTag::digest)
          .with("since", tag -> tag.since().at())
          .with("sincePosition", tag -> tag.since().position());

  @Parameters(paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Mixin private AtOption at;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    AsOf asOf = at.resolve(history);
    printAll(
        out,
        TAG,
        asOf,
        "Tags",
        (last, limit) ->
            Absence.present(
                history,
                history.tags(asOf, repository, last.map(tag -> tag.tag().value()), limit)));
  }
}
