package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.Moment;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.RetentionPolicy;
import dev.stele.question.Address;
import java.nio.charset.StandardCharsets;
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
        Asking.one(Address.TAG_RETENTION)
            .at("name", tag.repository())
            .at("tag", tag.tag())
            .with("at", at);
    return policy == null
        ? asking
        : asking.body(new String(PolicyDocument.write(policy), StandardCharsets.UTF_8));
  }

  @Override
  boolean prose() {
    return true;
  }

  @Override
  String text(JsonNode explained) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s:%s was %s%n"
            .formatted(
                words(explained, "repository"),
                words(explained, "tag"),
                words(explained, "digest")));
    JsonNode gone = explained.path("removed");
    if (gone.isObject()) {
      text.append("It was removed at %s: %s%n".formatted(words(gone, "at"), words(gone, "why")));
      if (gone.has("position")) {
        text.append(
            "  by %s (position %d)%s%n"
                .formatted(
                    actor(gone),
                    gone.path("position").asLong(),
                    gone.has("reason") ? ": \"%s\"".formatted(words(gone, "reason")) : ""));
      }
    } else {
      text.append("It is there%n".formatted());
    }
    if (explained.has("keeps")) {
      text.append(
          "Retention: %s, %s%n"
              .formatted(
                  explained.path("keeps").asBoolean() ? "stays" : "goes",
                  words(explained, "reason")));
    } else if (!gone.isObject()) {
      text.append("No policy says anything about it%n".formatted());
    }
    JsonNode hold = explained.path("hold");
    if (hold.isObject()) {
      text.append(
          "  the hold is on %s; placed by %s at %s: \"%s\"%n"
              .formatted(
                  HoldCommand.scope(hold),
                  actor(hold.path("placed")),
                  when(hold.path("placed")),
                  words(hold, "reason")));
    }
    if (explained.has("policy")) {
      text.append(
          "  policy %s, decided from the events before position %d, at %s%n"
              .formatted(
                  words(explained, "policy"),
                  explained.path("at").path("position").asLong() + 1,
                  words(explained.path("at"), "time")));
    }
    if (explained.has("put")) {
      text.append(
          "  last put at %s%s%n"
              .formatted(when(explained.get("put")), rank(explained, "pushedRank")));
      text.append(
          "  %s%s%n"
              .formatted(
                  explained.has("pulled")
                      ? "last pulled at " + when(explained.get("pulled"))
                      : "no pull is on record",
                  rank(explained, "pulledRank")));
    }
    return text.toString().stripTrailing();
  }

  /** A text that a server answers, as a terminal can show it. */
  private static String words(JsonNode object, String field) {
    return CellText.readable(object.path(field).asText(), false);
  }

  private static String actor(JsonNode event) {
    return event.has("actor") ? words(event, "actor") : "somebody who was forgotten";
  }

  private static String when(JsonNode event) {
    return "%s (position %d)".formatted(words(event, "at"), event.path("position").asLong());
  }

  private static String rank(JsonNode explained, String field) {
    return explained.has(field)
        ? "; number %,d in its entry, newest first".formatted(explained.get(field).asLong())
        : "";
  }
}
