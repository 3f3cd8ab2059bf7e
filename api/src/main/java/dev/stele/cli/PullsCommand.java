package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.history.ObservedPulls;
import dev.stele.oci.Digest;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stele pulls}. */
@Command(
    name = "pulls",
    description = "Lists what was pulled, by whom and how often, as recorded in an interval.")
final class PullsCommand extends PastCommand {
  private static final Columns<ObservedPulls> PULLS =
      Columns.of(ObservedPulls.class)
          .with("position", ObservedPulls::position)
          .with("actor", ObservedPulls::actor)
          .with("repository", ObservedPulls::repository)
          .with("tag", ObservedPulls::tag)
          .with("digest", ObservedPulls::digest)
          .with("count", ObservedPulls::count)
          .with("first", ObservedPulls::first)
          .with("last", ObservedPulls::last);

  @Mixin private EventOptions events;

  @Option(names = "--digest", paramLabel = "DIGEST", description = "Only of this manifest.")
  private Digest digest;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    long count =
        events.print(
            inspection.registry(),
            history,
            ObservedPulls.TYPES,
            Optional.ofNullable(digest),
            ObservedPulls::of,
            output(),
            PULLS,
            out);
    output().note(out, "%,d records of pulls".formatted(count));
  }
}
