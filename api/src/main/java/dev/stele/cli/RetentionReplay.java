package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.Moment;
import dev.stele.policy.Durations;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.question.Address;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention replay}. */
@Command(
    name = "replay",
    description = {
      "Walks the past as it would have been under a policy, and lists what would have been kept or"
          + " removed otherwise than it was.",
      "What clients did happened all the same; what retention removed did not, and the policy"
          + " removes by itself. Changes nothing."
    })
final class RetentionReplay extends QuestionCommand {
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

  private final Map<String, Long> counts = new HashMap<>();

  @Override
  Asking asking() {
    return PolicyFile.with(
        policy,
        Asking.list(Address.REPLAY)
            .with("from", from)
            .with("to", to)
            .with("repository", repositories)
            .with("every", when.asRecorded ? "recorded" : Durations.format(when.every))
            .with("all", all ? true : null));
  }

  @Override
  void page(JsonNode page) {
    RetentionPreview.add(page, counts);
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(
        "Tags: %,d would be removed, %,d would remain, %,d would have gone sooner, %,d later; %,d the same"
            .formatted(
                counts.getOrDefault("would_be_removed", 0L),
                counts.getOrDefault("would_remain", 0L),
                counts.getOrDefault("sooner", 0L),
                counts.getOrDefault("later", 0L),
                counts.getOrDefault("same", 0L)));
  }
}
