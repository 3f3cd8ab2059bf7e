package dev.stele.cli;

import dev.stele.log.Moment;
import dev.stele.policy.RetentionPolicy;
import dev.stele.retention.Explanation;
import dev.stele.retention.Fate;
import dev.stele.retention.Reprocessing;
import dev.stele.retention.Verdict;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stele retention explain}. */
@Command(
    name = "explain",
    description =
        "Says why a tag stays, goes or went: by which rule of which policy, and from which facts.")
final class RetentionExplain extends RetentionQuestion {
  private static final Columns<Explanation> EXPLANATION =
      Columns.of(Explanation.class)
          .with("repository", Explanation::repository)
          .with("tag", Explanation::tag)
          .with("digest", Explanation::digest)
          .with("there", explanation -> explanation.removed().isEmpty())
          .with("keeps", explanation -> explanation.verdict().map(Verdict::keeps))
          .with("reason", explanation -> explanation.verdict().map(Verdict::reason))
          .with("policy", Explanation::policy)
          .with("asOfPosition", explanation -> explanation.asOf().position() - 1)
          .with("asOfTime", explanation -> explanation.asOf().at())
          .with("put", explanation -> explanation.put().map(put -> put.position()))
          .with("putAt", explanation -> explanation.put().map(put -> put.at()))
          .with("pushedRank", Explanation::pushedRank)
          .with("pulled", explanation -> explanation.pulled().map(pulled -> pulled.position()))
          .with("pulledAt", explanation -> explanation.pulled().map(pulled -> pulled.at()))
          .with("pulledRank", Explanation::pulledRank)
          .with("removedAt", explanation -> explanation.removed().map(gone -> gone.at().at()))
          .with("removedWhy", explanation -> explanation.removed().map(Fate.Removed::why))
          .with(
              "evaluation", explanation -> explanation.removed().flatMap(Fate.Removed::evaluation));

  @Parameters(paramLabel = "TAG", description = "With its repository: team/app:v1.")
  private RecordTypes.TagName tag;

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
      description =
          "A time such as 2026-03-03T14:05:00Z or 20260303t140500z, or p12345. Default: now")
  private Moment at;

  @Override
  int answer(Reprocessing reprocessing, PrintWriter out) {
    dev.stele.retention.Moment moment = moment(reprocessing, at);
    Explanation explanation =
        reprocessing
            .explain(tag.repository(), tag.tag(), moment, Optional.ofNullable(policy))
            .orElseThrow(
                () ->
                    new NotThereException(
                        "there was no tag %s by %s, nor before".formatted(tag, moment.at())));
    output().print(out, EXPLANATION, explanation, told(explanation));
    return 0;
  }

  private static String told(Explanation explanation) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s:%s was %s%n"
            .formatted(explanation.repository(), explanation.tag(), explanation.digest()));
    explanation
        .removed()
        .ifPresentOrElse(
            gone -> text.append("It was removed at %s: %s%n".formatted(gone.at().at(), gone.why())),
            () -> text.append("It is there%n".formatted()));
    explanation
        .verdict()
        .ifPresentOrElse(
            verdict ->
                text.append(
                    "Retention: %s, %s%n"
                        .formatted(verdict.keeps() ? "stays" : "goes", verdict.reason())),
            () ->
                text.append(
                    explanation.removed().isPresent()
                        ? ""
                        : "No policy says anything about it%n".formatted()));
    explanation
        .policy()
        .ifPresent(
            digest ->
                text.append(
                    "  policy %s, decided from the events up to position %d, at %s%n"
                        .formatted(
                            digest, explanation.asOf().position() - 1, explanation.asOf().at())));
    explanation
        .put()
        .ifPresent(
            put ->
                text.append(
                    "  last put at %s (position %d)%s%n"
                        .formatted(put.at(), put.position(), rank(explanation.pushedRank()))));
    if (explanation.put().isPresent()) {
      text.append(
          explanation
              .pulled()
              .map(
                  pulled ->
                      "  last pulled at %s (position %d)%s%n"
                          .formatted(
                              pulled.at(), pulled.position(), rank(explanation.pulledRank())))
              .orElseGet(
                  () -> "  no pull is on record%s%n".formatted(rank(explanation.pulledRank()))));
    }
    return text.toString().stripTrailing();
  }

  private static String rank(Optional<Integer> rank) {
    return rank.map("; number %,d in its entry, newest first"::formatted).orElse("");
  }
}
