package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.http.PercentEncoding;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele session}: who is signed in. */
@Command(
    name = "session",
    description = "Sessions of people who signed in at an issuer.",
    subcommands = {SessionCommand.Listing.class, SessionCommand.Revoke.class})
final class SessionCommand extends CommandGroup {
  /** {@code stele session list}. */
  @Command(name = "list", description = "Lists the sessions that count, the newest first.")
  static final class Listing extends QuestionCommand {
    @Override
    Asking asking() {
      return Asking.list(Address.SESSIONS);
    }
  }

  /** {@code stele session revoke}. */
  @Command(
      name = "revoke",
      description = "Ends a session at once, and the tokens that were got by it.",
      mixinStandardHelpOptions = true)
  static final class Revoke implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;
    @Mixin private RowOutput output;

    @Parameters(paramLabel = "ID", description = "As stele session list shows it.")
    private String id;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      try (Client client = options.connect()) {
        JsonNode ended =
            client.post(
                Address.SESSION_REVOCATION.replace("{session}", PercentEncoding.encode(id)),
                output.actFormat(),
                Map.of());
        output.answer(
            spec.commandLine().getOut(),
            ended,
            () -> "Session %s of %s has ended".formatted(id, ended.path("user").asText()));
        return 0;
      }
    }
  }
}
