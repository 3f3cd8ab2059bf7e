package dev.stele.cli;

import dev.stele.projection.Verification;
import dev.stele.question.Columns;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stele projections}: what is derived from the log. */
@Command(
    name = "projections",
    description = "Checks the views that are derived from the log.",
    subcommands = Projections.Verify.class)
final class Projections extends CommandGroup {
  /** {@code stele projections verify}. */
  @Command(
      name = "verify",
      description = {
        "Replays the log into a second set of tables and compares them with the live ones, row by"
            + " row. Exit status 1 if they differ. The server may be running or not. One that was"
            + " cut off goes on where it was."
      })
  static final class Verify extends MaintenanceCommand {
    private static final Columns<Verification.Result> RESULT =
        Columns.of(Verification.Result.class)
            .with("projection", Verification.Result::projection)
            .with("table", Verification.Result::table)
            .with("rows", Verification.Result::rows)
            .with("missing", Verification.Result::missing)
            .with("unexpected", Verification.Result::unexpected)
            .with("equal", Verification.Result::equal);

    @Mixin private RowOutput output;

    @Option(
        names = "--restart",
        description = "Begin from the start, though a verification was cut off.")
    private boolean restart;

    @Override
    int run(Inspection inspection, PrintWriter out) {
      try (ProgressBar bar = progress()) {
        Verification.Report report = inspection.verifyProjections(restart, bar::at);
        bar.erase();
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
