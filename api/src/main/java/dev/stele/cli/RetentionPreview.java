package dev.stele.cli;

import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.retention.Reprocessing;
import dev.stele.retention.TagDecision;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention preview}. */
@Command(
    name = "preview",
    description = {
      "Lists what a policy would remove now, or would have removed at a moment.",
      "--all lists what it keeps, too. Changes nothing."
    })
final class RetentionPreview extends RetentionQuestion {
  private record Row(RepositoryName repository, TagDecision decision) {}

  private static final Columns<Row> ROW =
      Columns.of(Row.class)
          .with("repository", Row::repository)
          .with("tag", row -> row.decision().tag())
          .with("digest", row -> row.decision().digest())
          .with("keeps", row -> row.decision().verdict().keeps())
          .with("reason", row -> row.decision().verdict().reason())
          .with("put", row -> row.decision().put())
          .with("pulled", row -> row.decision().pulled());

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
      description = "A time such as 2026-03-03T14:05:00Z or 20260303t140500z, or p12345.")
  private Moment at;

  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only repositories such as team/**.")
  private RepositoryGlob repositories;

  @Option(names = "--all", description = "Also what stays.")
  private boolean all;

  @Override
  int answer(Reprocessing reprocessing, PrintWriter out) {
    dev.stele.retention.Moment moment = moment(reprocessing, at);
    RetentionPolicy asked = policy(reprocessing, policy, moment);
    long[] counts = new long[2];
    long seen;
    try (Rows<Row> rows = output().open(out, ROW)) {
      seen =
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
                        if (all || !keeps) {
                          rows.add(new Row(repository, decision));
                        }
                      }));
    }
    output()
        .note(
            out,
            "%,d tags of %,d repositories would go and %,d stay"
                .formatted(counts[1], seen, counts[0]));
    return 0;
  }
}
