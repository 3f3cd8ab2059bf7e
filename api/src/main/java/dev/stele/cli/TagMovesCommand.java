package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.history.TagMove;
import dev.stele.oci.Digest;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stele tag-moves}. */
@Command(
    name = "tag-moves",
    description = "Lists which tags were created, moved and deleted, such as in a change window.")
final class TagMovesCommand extends PastCommand {
  private static final Columns<TagMove> MOVE =
      Columns.of(TagMove.class)
          .with("position", TagMove::position)
          .with("at", TagMove::at)
          .with("actor", TagMove::actor)
          .with("repository", TagMove::repository)
          .with("tag", TagMove::tag)
          .with("change", TagMove::change)
          .with("from", TagMove::from)
          .with("to", TagMove::to)
          .with("cause", TagMove::cause, move -> EventText.cause(move.cause()));

  @Mixin private EventOptions events;

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      description = "Only where a tag came to this digest, or left it.")
  private Digest digest;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    long count =
        events.print(
            inspection.registry(),
            history,
            TagMove.TYPES,
            Optional.ofNullable(digest),
            TagMove::of,
            output(),
            MOVE,
            out);
    output().note(out, "%,d changes of tags".formatted(count));
  }
}
