package dev.stele.cli;

import dev.stele.projection.Verification;
import dev.stele.question.Columns;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stele projections}: what is derived from the log. */
@Command(
    name = "projections",
    description = "Checks the views that are derived from the log.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = Projections.Verify.class)
final class Projections implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** {@code stele projections verify}. */
  @Command(
      name = "verify",
      description = {
        "Replays the log into a second set of tables and compares them with the live ones, row by"
            + " row. Exit status 1 if they differ. The server may be running or not. One that was"
            + " cut off goes on where it was."
      },
      mixinStandardHelpOptions = true)
  static final class Verify implements Callable<Integer> {
    private static final Columns<Verification.Result> RESULT =
        Columns.of(Verification.Result.class)
            .with("projection", Verification.Result::projection)
            .with("table", Verification.Result::table)
            .with("rows", Verification.Result::rows)
            .with("missing", Verification.Result::missing)
            .with("unexpected", Verification.Result::unexpected)
            .with("equal", Verification.Result::equal);

    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;
    @Mixin private RowOutput output;

    @Option(
        names = "--restart",
        description = "Begin from the start, though a verification was cut off.")
    private boolean restart;

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()));
          ProgressBar bar = new ProgressBar(spec.commandLine().getErr(), Terminal.ofErrors())) {
        Verification.Report report = inspection.verifyProjections(restart, bar::at);
        bar.erase();
        PrintWriter out = spec.commandLine().getOut();
        output.print(out, RESULT, report.results());
        output.note(
            out,
            "%s after %,d events"
                .formatted(
                    report.equal() ? "Equal" : Terminal.ofOutput().alarm("NOT equal"),
                    report.events()));
        return report.equal() ? 0 : 1;
      }
    }
  }
}
