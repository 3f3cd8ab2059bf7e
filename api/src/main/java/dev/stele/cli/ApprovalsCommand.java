package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele approvals}: what takes several persons and waits for some. */
@Command(
    name = "approvals",
    description = {
      "Lists what takes several persons and waits for some, such as the release of a hold; who"
          + " asked for it, and until when that counts. Whoever approves asks for the same."
    },
    subcommands = ApprovalsCommand.Withdraw.class)
final class ApprovalsCommand extends QuestionCommand {
  @Override
  Asking asking() {
    return Asking.list(Address.APPROVALS);
  }

  @Command(
      name = "withdraw",
      description = {
        "Takes your own approval back of what still waits for others, as stele approvals shows it."
      },
      mixinStandardHelpOptions = true)
  static final class Withdraw implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;
    @Mixin private RowOutput output;

    @Parameters(paramLabel = "ACT", description = "release-hold or restore-repository.")
    private String act;

    @Parameters(paramLabel = "REPOSITORIES", description = "The repository, or the glob.")
    private String repositories;

    @Parameters(paramLabel = "SUBJECT", description = "The hold, or the moment.")
    private String subject;

    @Option(names = "--reason", description = "Why, for the record.")
    private String reason;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      PrintWriter out = spec.commandLine().getOut();
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("act", act);
      body.put("repositories", repositories);
      body.put("subject", subject);
      if (reason != null) {
        body.put("reason", reason);
      }
      try (Client client = options.connect()) {
        JsonNode answer = client.post(Address.APPROVAL_WITHDRAWAL, output.actFormat(), body);
        output.answer(
            out,
            answer,
            () ->
                "%s %s in %s: you do not approve of it any more"
                    .formatted(act, subject, repositories));
      }
      return 0;
    }
  }
}
