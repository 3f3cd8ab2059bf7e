package dev.stele.cli;

import dev.stele.projection.Verification;
import dev.stele.question.Columns;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.time.Duration;
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

    private static final Duration TELL_EVERY = Duration.ofSeconds(5);

    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;
    @Mixin private RowOutput output;

    @Option(
        names = "--restart",
        description = "Begin from the start, though a verification was cut off.")
    private boolean restart;

    private long toldNanos = System.nanoTime();

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
        Verification.Report report = inspection.verifyProjections(restart, this::tell);
        PrintWriter out = spec.commandLine().getOut();
        output.print(out, RESULT, report.results());
        output.note(
            out,
            "%s after %,d events"
                .formatted(report.equal() ? "Equal" : "NOT equal", report.events()));
        return report.equal() ? 0 : 1;
      }
    }

    /** A line now and then, where it does not come between rows. */
    private void tell(Verification.Progress progress) {
      if (System.nanoTime() - toldNanos < TELL_EVERY.toNanos()) {
        return;
      }
      toldNanos = System.nanoTime();
      PrintWriter err = spec.commandLine().getErr();
      if (progress.tables() == 0) {
        err.println(
            "replayed %,d of %,d events%s"
                .formatted(
                    progress.events(),
                    progress.ofEvents(),
                    progress
                        .left()
                        .map(left -> ", about %s left".formatted(told(left)))
                        .orElse("")));
      } else {
        err.println(
            "comparing table %d of %d, %,d rows of it are compared"
                .formatted(progress.tables(), progress.ofTables(), progress.rows()));
      }
      err.flush();
    }

    private static String told(Duration left) {
      return left.toHours() > 0
          ? "%d h %d min".formatted(left.toHours(), left.toMinutesPart())
          : left.toMinutes() > 0
              ? "%d min".formatted(left.toMinutes())
              : "%d s".formatted(left.toSeconds());
    }
  }
}
