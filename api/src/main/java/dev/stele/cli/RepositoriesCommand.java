package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.oci.RepositoryName;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code stele repositories}. */
@Command(
    name = "repositories",
    description = "Lists the repositories that there are, or were at a moment.")
final class RepositoriesCommand extends PastCommand {
  private static final Columns<RepositoryName> REPOSITORY =
      Columns.of(RepositoryName.class).with("repository", name -> name);

  @Mixin private AtOption at;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    AsOf asOf = at.resolve(history);
    printAll(
        out,
        REPOSITORY,
        asOf,
        "Repositories",
        (last, limit) -> history.repositories(asOf, last.map(RepositoryName::value), limit));
  }
}
