package dev.stele.cli;

import dev.stele.history.Change;
import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code stele diff}. */
@Command(
    name = "diff",
    description =
        "Lists which tags of a repository were added, moved or removed, and which manifests were"
            + " added or removed, from one moment to a later one. A manifest that was added has TO,"
            + " one that was removed has FROM.")
final class DiffCommand extends PastCommand {
  private static final Columns<Change> CHANGE =
      Columns.of(Change.class)
          .with("kind", change -> change instanceof Change.TagChange ? "tag" : "manifest")
          .with("change", DiffCommand::change)
          .with("name", change -> change instanceof Change.TagChange tag ? tag.tag() : null)
          .with("from", DiffCommand::from)
          .with("to", DiffCommand::to);

  @Parameters(index = "0", paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Parameters(
      index = "1",
      paramLabel = "FROM",
      description = "A time such as 2026-03-03T14:05:00Z or 20260303t140500z, or p12345.")
  private Moment from;

  @Parameters(index = "2", arity = "0..1", paramLabel = "TO", description = "Default: now")
  private Moment to;

  private static String change(Change change) {
    return from(change).isEmpty() ? "added" : to(change).isEmpty() ? "removed" : "moved";
  }

  private static Optional<Digest> from(Change change) {
    return switch (change) {
      case Change.TagChange tag -> tag.from();
      case Change.ManifestChange(Digest digest, boolean added) ->
          added ? Optional.empty() : Optional.of(digest);
    };
  }

  private static Optional<Digest> to(Change change) {
    return switch (change) {
      case Change.TagChange tag -> tag.to();
      case Change.ManifestChange(Digest digest, boolean added) ->
          added ? Optional.of(digest) : Optional.empty();
    };
  }

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    AsOf first = Absence.present(history, history.asOf(from));
    AsOf second =
        Optional.ofNullable(to)
            .map(moment -> Absence.present(history, history.asOf(moment)))
            .orElseGet(history::now);
    if (first.position() > second.position()) {
      throw new ParameterException(
          spec().commandLine(), "FROM (" + first + ") must not be after TO (" + second + ")");
    }
    long count =
        printAll(
            out,
            CHANGE,
            (last, limit) ->
                Absence.present(history, history.diff(first, second, repository, last, limit)));
    output().note(out, "Changes from %s to %s: %,d".formatted(first, second, count));
  }
}
