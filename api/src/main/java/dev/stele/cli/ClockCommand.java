package dev.stele.cli;

import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stele clock}: what an operator says about the clock. */
@Command(
    name = "clock",
    description = {
      "The clock that gives events their times, which is the database's.",
      "The server may be running or not. Who did it is recorded as cli:<user of this machine>."
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = ClockCommand.Confirm.class)
final class ClockCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** {@code stele clock confirm}. */
  @Command(
      name = "confirm",
      description = {
        "Says that the clock is right by now, after pushes were refused or removals put off"
            + " because",
        "it looked wrong. Look at it first: what is due by it may be removed from then on."
      },
      mixinStandardHelpOptions = true)
  static final class Confirm implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      PrintWriter out = spec.commandLine().getOut();
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
        Instant clock = inspection.registry().health().confirmClock(inspection.operator());
        out.println("Confirmed: the clock reads " + clock);
        out.flush();
        return 0;
      }
    }
  }
}
