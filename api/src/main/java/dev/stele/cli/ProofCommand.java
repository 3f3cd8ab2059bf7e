package dev.stele.cli;

import dev.stele.question.Address;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele proof}. */
@Command(
    name = "proof",
    description = {
      "Prints what shows that an event is in the log, with the event itself, as C2SP's tlog-proof"
          + " has it. Keep it in a file: stele verify, or stele-verify.jar without Stele, checks it"
          + " by the keys of stele log keys."
    },
    mixinStandardHelpOptions = true)
final class ProofCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ServerOptions options;

  @Parameters(paramLabel = "POSITION", description = "Of the event in the log, such as 97 or p97.")
  private String position;

  @Override
  public Integer call() throws ConfigurationException, StartupException, IOException {
    String number = EventCommand.position(spec, position);
    try (Client client = options.connect()) {
      System.out.write(
          client.get(Asking.one(Address.PROOF).at("position", number).address()).body());
      System.out.flush();
      return 0;
    }
  }
}
