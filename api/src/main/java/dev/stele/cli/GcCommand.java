package dev.stele.cli;

import dev.stele.gc.Candidate;
import dev.stele.gc.Collection;
import dev.stele.gc.GcOptions;
import dev.stele.gc.Tally;
import dev.stele.policy.Durations;
import dev.stele.question.Columns;
import dev.stele.question.Rows;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Collects once, or tells what that would take. */
@Command(
    name = "gc",
    description = {
      "Collects what nobody can reach any more.",
      "Takes what has been unreachable for longer than gc.grace and gc.recycle; the server may be"
          + " running or not, and pushes go on. Exit status 1 if it could not finish; run it again"
          + " then."
    })
final class GcCommand extends MaintenanceCommand {
  private static final Columns<Candidate> CANDIDATE =
      Columns.of(Candidate.class)
          .with("kind", Candidate::kind)
          .with("repository", Candidate::repository)
          .with("digest", Candidate::digest)
          .with("size", Candidate::size)
          .with("since", Candidate::sinceAt)
          .with("sincePosition", Candidate::since)
          .with("reason", Candidate::reason);

  private static final Columns<Collection> COLLECTION =
      Columns.of(Collection.class)
          .with("manifests", done -> done.tally().manifests())
          .with("blobs", done -> done.tally().blobs())
          .with("objects", done -> done.tally().objects())
          .with("bytes", done -> done.tally().bytes())
          .with("repositories", done -> done.tally().repositories())
          .with("orphans", done -> done.tally().orphans())
          .with("uploads", done -> done.tally().uploads())
          .with("failure", Collection::failure);

  @Option(
      names = "--dry-run",
      description =
          "Only print what would go, with since when it is unreachable, its size and the reason.")
  private boolean dryRun;

  @Mixin private RowOutput output;

  @Override
  int run(Inspection inspection, PrintWriter out) {
    return dryRun ? list(inspection, out) : collect(inspection, out);
  }

  private int list(Inspection inspection, PrintWriter out) {
    long[] totals = new long[2];
    try (Rows<Candidate> rows = output.open(out, CANDIDATE)) {
      inspection
          .registry()
          .collecting()
          .candidates(
              candidate -> {
                totals[0]++;
                totals[1] += candidate.kind() == Candidate.Kind.MANIFEST ? 0 : candidate.size();
                rows.add(candidate);
              });
    }
    output.note(
        out, "%,d would go; blobs among them have %,d bytes".formatted(totals[0], totals[1]));
    GcOptions gc = inspection.registry().collecting().options();
    if (gc.recycle().compareTo(gc.grace()) > 0) {
      output.note(
          out,
          "What became unreachable within the last %s can still be restored (gc.recycle)"
              .formatted(Durations.format(gc.recycle())));
    }
    return 0;
  }

  private int collect(Inspection inspection, PrintWriter out) {
    Collection done = inspection.registry().collecting().run();
    Tally tally = done.tally();
    output.print(
        out,
        COLLECTION,
        done,
        """
        Collected %,d manifests and %,d blobs; %,d objects of %,d bytes left the stores
        Removed %,d empty repositories, %,d objects unknown to the log and %,d abandoned uploads\
        """
            .formatted(
                tally.manifests(),
                tally.blobs(),
                tally.objects(),
                tally.bytes(),
                tally.repositories(),
                tally.orphans(),
                tally.uploads()));
    done.failure().ifPresent(failure -> output.note(out, "It could not finish: " + failure));
    return done.failure().isPresent() ? 1 : 0;
  }
}
