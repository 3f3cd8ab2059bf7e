package dev.stele.cli;

import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.time.Instant;
import picocli.CommandLine.Command;

/** {@code stele clock}: what an operator says about the clock. */
@Command(
    name = "clock",
    description = {
      "The clock that gives events their times, which is the database's.",
      "The server may be running or not. Who did it is recorded as cli:<user of this machine>."
    },
    subcommands = ClockCommand.Confirm.class)
final class ClockCommand extends CommandGroup {
  /** {@code stele clock confirm}. */
  @Command(
      name = "confirm",
      description = {
        "Says that the clock is right by now, after pushes were refused or removals put off"
            + " because",
        "it looked wrong. Look at it first: what is due by it may be removed from then on."
      })
  static final class Confirm extends MaintenanceCommand {
    @Override
    int run(Inspection inspection, PrintWriter out) {
      Instant clock = inspection.registry().health().confirmClock(Inspection.operator());
      out.println("Confirmed: the clock reads " + clock);
      return 0;
    }
  }
}
