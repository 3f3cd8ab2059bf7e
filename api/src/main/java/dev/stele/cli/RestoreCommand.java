package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import dev.stele.question.Rows;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele restore}: what was there comes back. */
@Command(
    name = "restore",
    description = {
      "Brings back a tag, a manifest or all that a repository had at a moment, as long as the bytes"
          + " are kept. What was put since stays. Exit status 1"
          + " if something cannot be restored, 3 if that takes more persons, who ask for it"
          + " likewise."
    },
    mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
  /** At most one of these. */
  private static final class What {
    @Option(names = "--tag", description = "Only this tag, and what it pointed to.")
    private Tag tag;

    @Option(names = "--digest", description = "Only this manifest, without tags.")
    private DigestText digest;
  }

  private static final int CONFLICT = 409;

  @Spec private CommandSpec spec;
  @Mixin private ServerOptions options;
  @Mixin private RowOutput output;

  @Parameters(paramLabel = "REPOSITORY")
  private RepositoryName repository;

  @Option(
      names = "--at",
      required = true,
      paramLabel = "MOMENT",
      description = "As it was at " + AtOption.MOMENT + ".")
  private Moment at;

  @ArgGroup(exclusive = true)
  private What what;

  @Option(
      names = "--available",
      description = "Restore what can be when something cannot, instead of nothing.")
  private boolean available;

  @Option(names = "--reason", description = "Why, for the record.")
  private String reason;

  @Option(
      names = "--dry-run",
      description = "Only print what would come back, and what cannot and why.")
  private boolean dryRun;

  @Override
  public Integer call() throws ConfigurationException, StartupException, IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Client client = options.connect()) {
      JsonNode answer = ask(client);
      int impossible = 0;
      List<String> names = Cells.names(answer);
      try (Rows<JsonNode> rows = output.openAnswer(out, names)) {
        for (JsonNode row : Cells.rows(answer)) {
          rows.add(row);
          impossible += new Cells(names, row).get("problem").isTextual() ? 1 : 0;
        }
      }
      output.note(out, note(answer, impossible));
      out.flush();
      return answer.has("waiting") ? Waiting.STATUS : impossible == 0 ? 0 : 1;
    }
  }

  private JsonNode ask(Client client) throws IOException {
    Map<String, Object> wanted = new HashMap<>();
    wanted.put("at", at.toString());
    wanted.put("tag", what == null || what.tag == null ? null : what.tag.value());
    wanted.put("digest", what == null || what.digest == null ? null : what.digest.text());
    wanted.put("available", available);
    wanted.put("dryRun", dryRun);
    wanted.put("reason", reason);
    String address = Asking.one(Address.RESTORE).at("name", repository).address();
    try {
      return client.post(address, output.format(), wanted);
    } catch (AnsweredException e) {
      if (e.status() != CONFLICT || dryRun || available) {
        throw e;
      }
      // Nothing was restored: what could have been, and what could not, is told by a look.
      wanted.put("dryRun", true);
      JsonNode look = client.post(address, output.format(), wanted);
      List<String> names = Cells.names(look);
      for (JsonNode row : Cells.rows(look)) {
        if (new Cells(names, row).get("problem").isTextual()) {
          return look;
        }
      }
      throw e;
    }
  }

  private String note(JsonNode answer, int impossible) {
    String moment = QuestionCommand.moment(answer.path("at"));
    int items = answer.path("items").size();
    int possible = items - impossible;
    if (answer.has("waiting")) {
      return "Nothing is restored yet: %s: stele restore %s --at %s%s"
          .formatted(
              Waiting.words(answer.path("waiting")),
              repository,
              "p" + answer.path("at").path("position").asText(),
              available ? " --available" : "");
    }
    if (items == 0) {
      return "Everything is as it was at " + moment;
    }
    if (answer.path("restored").asBoolean()) {
      return "%,d restored as of %s%s"
          .formatted(
              possible, moment, impossible == 0 ? "" : "; %,d could not be".formatted(impossible));
    }
    if (impossible == 0) {
      return "%,d would be restored as of %s".formatted(possible, moment);
    }
    return available
        ? "%,d would be restored as of %s, %,d cannot be".formatted(possible, moment, impossible)
        : "%,d of %,d cannot be restored as of %s, so nothing is; --available restores the rest"
            .formatted(impossible, items, moment);
  }
}
