package dev.stele.cli;

import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that opens the registry's data itself, whether a server runs or not. */
@Command(mixinStandardHelpOptions = true)
abstract class MaintenanceCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOptions options;

  /** Does the work and returns the exit status. */
  abstract int run(Inspection inspection, PrintWriter out) throws IOException;

  @Override
  public Integer call() throws ConfigurationException, StartupException, IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
      int status = run(inspection, out);
      out.flush();
      return status;
    }
  }

  final CommandSpec spec() {
    return spec;
  }

  /** Says why nothing was done; returns the exit status. */
  final int refuse(String why) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("stele: " + why);
    err.flush();
    return 1;
  }

  /** Shows how far the work is. */
  final ProgressBar progress() {
    return new ProgressBar(spec.commandLine().getErr(), Terminal.ofErrors());
  }
}
