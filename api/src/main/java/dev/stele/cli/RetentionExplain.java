package dev.stele.cli;

import dev.stele.log.Moment;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.RetentionPolicy;
import dev.stele.question.RetentionRows.Explained;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stele retention explain}. */
@Command(
    name = "explain",
    description =
        "Says why a tag stays, goes or went: by which rule of which policy or by whom, and from"
            + " which facts.")
final class RetentionExplain extends QuestionCommand {
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
      description = "As of " + AtOption.MOMENT + ". Default: now")
  private Moment at;

  @Override
  Asking asking() {
    Asking asking =
        Asking.of("retention explain")
            .at("name", tag.repository())
            .at("tag", tag.tag())
            .with("at", at);
    return policy == null
        ? asking
        : asking.body(new String(PolicyDocument.write(policy), StandardCharsets.UTF_8));
  }

  @Override
  Optional<String> text(Object row) {
    return Optional.of(told((Explained) row));
  }

  private static String told(Explained explained) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s:%s was %s%n".formatted(explained.repository(), explained.tag(), explained.digest()));
    explained
        .removed()
        .ifPresentOrElse(
            gone -> {
              text.append("It was removed at %s: %s%n".formatted(gone.at(), gone.why()));
              gone.position()
                  .ifPresent(
                      position ->
                          text.append(
                              "  by %s (position %d)%s%n"
                                  .formatted(
                                      gone.actor().orElse("somebody who was forgotten"),
                                      position,
                                      gone.reason().map(": \"%s\""::formatted).orElse(""))));
            },
            () -> text.append("It is there%n".formatted()));
    explained
        .keeps()
        .ifPresentOrElse(
            keeps ->
                text.append(
                    "Retention: %s, %s%n"
                        .formatted(keeps ? "stays" : "goes", explained.reason().orElse(""))),
            () ->
                text.append(
                    explained.removed().isPresent()
                        ? ""
                        : "No policy says anything about it%n".formatted()));
    explained
        .policy()
        .ifPresent(
            digest ->
                text.append(
                    "  policy %s, decided from the events before position %d, at %s%n"
                        .formatted(digest, explained.at().position() + 1, explained.at().time())));
    explained
        .put()
        .ifPresent(
            put -> {
              text.append(
                  "  last put at %s (position %d)%s%n"
                      .formatted(put.at(), put.position(), rank(explained.pushedRank())));
              text.append(
                  explained
                      .pulled()
                      .map(
                          pulled ->
                              "  last pulled at %s (position %d)%s%n"
                                  .formatted(
                                      pulled.at(), pulled.position(), rank(explained.pulledRank())))
                      .orElseGet(
                          () ->
                              "  no pull is on record%s%n"
                                  .formatted(rank(explained.pulledRank()))));
            });
    return text.toString().stripTrailing();
  }

  private static String rank(Optional<Integer> rank) {
    return rank.map("; number %,d in its entry, newest first"::formatted).orElse("");
  }
}
