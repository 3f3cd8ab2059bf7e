package dev.stele.cli;

import dev.stele.log.Moment;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.question.Interval;
import dev.stele.question.RetentionRows.Compared;
import dev.stele.question.Rows;
import dev.stele.retention.Difference;
import dev.stele.retention.Occurrence;
import dev.stele.retention.Reprocessing;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code stele retention replay}. */
@Command(
    name = "replay",
    description = {
      "Walks the past as it would have been under a policy, and lists what would have been kept or"
          + " removed otherwise than it was.",
      "What clients did happened all the same; what retention removed did not, and the policy"
          + " removes by itself. Changes nothing."
    })
final class RetentionReplay extends RetentionQuestion {
  @Option(
      names = "--policy",
      paramLabel = "FILE",
      required = true,
      converter = PolicyFile.class,
      description = "A YAML file with what a configuration has below 'retention:'.")
  private RetentionPolicy policy;

  @Option(
      names = "--from",
      paramLabel = "MOMENT",
      required = true,
      description = "From " + AtOption.MOMENT + ".")
  private Moment from;

  @Option(names = "--to", paramLabel = "MOMENT", description = "Default: now")
  private Moment to;

  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only repositories such as team/**.")
  private RepositoryGlob repositories;

  @ArgGroup private When when = new When();

  /** At most one of these. */
  private static final class When {
    @Option(
        names = "--every",
        paramLabel = "DURATION",
        defaultValue = "1d",
        description =
            "Evaluate the policy every so often, at the end, and whenever an evaluation of the"
                + " repository is on record. Default: ${DEFAULT-VALUE}")
    private Duration every = Duration.ofDays(1);

    @Option(
        names = "--as-recorded",
        description = "Evaluate it only whenever an evaluation of the repository is on record.")
    private boolean asRecorded;
  }

  @Option(names = "--all", description = "Also what would have been the same.")
  private boolean all;

  @Override
  Optional<RepositoryGlob> repositories() {
    return Optional.ofNullable(repositories);
  }

  @Override
  int answer(Reprocessing reprocessing, PrintWriter out) {
    Interval<Occurrence> interval =
        Interval.of(
            Optional.of(from), Optional.ofNullable(to), reprocessing::at, Occurrence::position);
    Occurrence start = interval.from().orElseThrow();
    Occurrence end = interval.to().orElseGet(reprocessing::now);
    Reprocessing.Timing timing =
        when.asRecorded
            ? new Reprocessing.Timing.AsRecorded()
            : new Reprocessing.Timing.Every(when.every);
    Map<Difference.Kind, Long> counts = new EnumMap<>(Difference.Kind.class);
    for (Difference.Kind kind : Difference.Kind.values()) {
      counts.put(kind, 0L);
    }
    try (Rows<Compared> rows = output().open(out, Compared.COLUMNS, Compared.TABLE)) {
      forEachRepository(
          reprocessing,
          end,
          repositories,
          repository -> {
            for (Difference difference :
                reprocessing.replay(policy, repository, start, end, timing)) {
              counts.merge(difference.kind(), 1L, Long::sum);
              if (all || difference.kind() != Difference.Kind.SAME) {
                rows.add(Compared.of(difference));
              }
            }
          });
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec().commandLine(), "--every: " + e.getMessage(), e);
    }
    output()
        .note(
            out,
            "Tags: %,d would be removed, %,d would remain, %,d would have gone sooner, %,d later; %,d the same"
                .formatted(
                    counts.get(Difference.Kind.WOULD_BE_REMOVED),
                    counts.get(Difference.Kind.WOULD_REMAIN),
                    counts.get(Difference.Kind.SOONER),
                    counts.get(Difference.Kind.LATER),
                    counts.get(Difference.Kind.SAME)));
    return 0;
  }
}
