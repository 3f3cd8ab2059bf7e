package dev.stele.cli;

import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.question.RetentionRows.Decided;
import dev.stele.question.Rows;
import dev.stele.retention.Occurrence;
import dev.stele.retention.Reprocessing;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention preview}. */
@Command(
    name = "preview",
    description = {
      "Lists the tags that a policy would remove now, or would have removed at a moment.",
      "--all lists what it keeps, too. Changes nothing."
    })
final class RetentionPreview extends RetentionQuestion {
  @Option(
      names = "--policy",
      paramLabel = "FILE",
      converter = PolicyFile.class,
      description =
          "A YAML file with what a configuration has below 'retention:'. Default: the policy that"
              + " was in force")
  private RetentionPolicy policy;

  @Option(
      names = "--at",
      paramLabel = "MOMENT",
      description = "As of " + AtOption.MOMENT + ". Default: now")
  private Moment at;

  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only repositories such as team/**.")
  private RepositoryGlob repositories;

  @Option(names = "--all", description = "Also what stays.")
  private boolean all;

  @Override
  Optional<RepositoryGlob> repositories() {
    return Optional.ofNullable(repositories);
  }

  @Override
  int answer(Reprocessing reprocessing, PrintWriter out) {
    Occurrence moment = moment(reprocessing, at);
    RetentionPolicy asked = policy(reprocessing, policy, moment);
    long[] counts = new long[2];
    Set<RepositoryName> losing = new HashSet<>();
    try (Rows<Decided> rows = output().open(out, Decided.COLUMNS)) {
      forEachRepository(
          reprocessing,
          moment,
          repositories,
          repository ->
              reprocessing.preview(
                  asked,
                  repository,
                  moment,
                  decision -> {
                    boolean keeps = decision.verdict().keeps();
                    counts[keeps ? 0 : 1]++;
                    if (!keeps) {
                      losing.add(repository);
                    }
                    if (all || !keeps) {
                      rows.add(Decided.of(repository, decision));
                    }
                  }));
    }
    output()
        .note(
            out,
            "%s of %s would go and %,d stay"
                .formatted(
                    QuestionCommand.count(counts[1], "tag", "tags"),
                    QuestionCommand.count(losing.size(), "repository", "repositories"),
                    counts[0]));
    if (asked.policies().stream()
        .map(RetentionPolicy.Policy::rules)
        .anyMatch(rules -> rules.deleteUntagged() || rules.deleteReferrers())) {
      output()
          .note(
              out,
              "Tags only: what has no tag, and this policy deletes (delete-untagged,"
                  + " delete-referrers), goes when it is collected and is not listed here;"
                  + " stele gc --dry-run lists it once the policy is in force.");
    }
    return 0;
  }
}
