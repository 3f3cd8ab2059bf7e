package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.history.PastManifest;
import dev.stele.log.AsOf;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Page;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
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
final class ReferrersCommand extends PastCommand {
  private static final Columns<Descriptor> REFERRER =
      Columns.of(Descriptor.class)
          .with("digest", Descriptor::digest)
          .with("mediaType", Descriptor::mediaType)
          .with("artifactType", Descriptor::artifactType)
          .with("size", Descriptor::size)
          .with("annotations", Descriptor::annotations);

  @Parameters(index = "0", paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Parameters(index = "1", paramLabel = "DIGEST", description = "Of the manifest referred to.")
  private Digest subject;

  @Option(
      names = "--artifact-type",
      paramLabel = "TYPE",
      description = "Only referrers of this artifact type.")
  private String artifactType;

  @Mixin private AtOption at;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    AsOf asOf = at.resolve(history);
    printAll(
        out,
        REFERRER,
        asOf,
        "Referrers",
        (last, limit) -> page(history, asOf, last.map(Descriptor::digest), limit));
  }

  /** A subject may be missing and have referrers, so only one with neither is not on record. */
  private Page<Descriptor> page(History history, AsOf asOf, Optional<Digest> last, int limit) {
    Page<Descriptor> page =
        history.referrers(
            asOf, repository, subject, Optional.ofNullable(artifactType), last, limit);
    if (page.items().isEmpty() && last.isEmpty()) {
      PastManifest _ =
          Absence.present(
              history, history.manifest(asOf, repository, new Reference.ByDigest(subject)));
    }
    return page;
  }
}
