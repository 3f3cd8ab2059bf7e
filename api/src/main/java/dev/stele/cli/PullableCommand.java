package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.history.TagPeriod;
import dev.stele.history.TagPeriods;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code stele pullable}. */
@Command(
    name = "pullable",
    description =
        "Lists what could be pulled by tag from a repository at some time between two moments.")
final class PullableCommand extends PastCommand {
  /** A period of a tag. */
  static final Columns<TagPeriod> PERIOD =
      Columns.of(TagPeriod.class)
          .with("repository", TagPeriod::repository)
          .with("tag", TagPeriod::tag)
          .with("digest", TagPeriod::digest)
          .with("from", period -> period.from().at())
          .with("fromPosition", period -> period.from().position())
          .with("fromActor", TagPeriod::fromActor)
          .with("until", period -> period.until().map(until -> until.at()))
          .with("untilPosition", period -> period.until().map(until -> until.position()))
          .with("untilActor", TagPeriod::untilActor)
          .with("endedBy", TagPeriod::endedBy);

  @Parameters(index = "0", paramLabel = "REPOSITORY", description = "Such as team/app.")
  private RepositoryName repository;

  @Parameters(
      index = "1",
      paramLabel = "FROM",
      description = "A time such as 2026-03-03T14:05:00Z or 20260303t140500z, or p12345.")
  private Moment from;

  @Parameters(index = "2", arity = "0..1", paramLabel = "TO", description = "Default: now")
  private Moment to;

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
    TagPeriods periods = new TagPeriods(inspection.registry());
    long count =
        printAll(
            out,
            PERIOD,
            (last, limit) ->
                Absence.present(
                    history,
                    periods.overlapping(
                        repository,
                        first,
                        second,
                        last.map(
                            period -> new TagPeriods.Key(period.tag(), period.from().position())),
                        limit)));
    output().note(out, "%,d periods between %s and %s".formatted(count, first, second));
  }
}
