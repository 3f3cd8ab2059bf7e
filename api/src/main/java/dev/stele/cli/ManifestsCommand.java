package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.history.PastManifest;
import dev.stele.log.AsOf;
import dev.stele.oci.RepositoryName;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code stele manifests}. */
@Command(
    name = "manifests",
    description = "Lists the manifests that a repository has, or had at a moment, and since when.")
final class ManifestsCommand extends PastCommand {
  private static final Columns<PastManifest> MANIFEST =
      Columns.of(PastManifest.class)
          .with("digest", PastManifest::digest)
          .with("mediaType", PastManifest::mediaType)
          .with("artifactType", PastManifest::artifactType)
          .with("size", PastManifest::size)
          .with("subject", PastManifest::subject)
          .with("since", manifest -> manifest.since().at())
          .with("sincePosition", manifest -> manifest.since().position());

  @Parameters(paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Mixin private AtOption at;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    AsOf asOf = at.resolve(history);
    printAll(
        out,
        MANIFEST,
        asOf,
        "Manifests",
        (last, limit) ->
            Absence.present(
                history,
                history.manifests(asOf, repository, last.map(PastManifest::digest), limit)));
  }
}
