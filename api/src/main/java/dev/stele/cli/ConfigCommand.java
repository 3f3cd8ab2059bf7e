package dev.stele.cli;

import dev.stele.server.ServerSettings;
import dev.stele.server.StartupException;
import dev.stele.server.SteleServer;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import dev.stele.server.config.Setting;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stele config}: what is configured. */
@Command(
    name = "config",
    description = "Checks the configuration.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = ConfigCommand.Check.class)
final class ConfigCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** {@code stele config check}. */
  @Command(
      name = "check",
      description = {
        "Reads the file and the environment as serve does, and starts nothing. Prints each key, its"
            + " value and where that comes from; or every problem, with exit status 1."
      },
      mixinStandardHelpOptions = true)
  static final class Check implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      ConfigurationReader.Loaded loaded = options.load(Optional.empty());
      SteleServer.check(ServerSettings.of(loaded.configuration()));
      PrintWriter out = spec.commandLine().getOut();
      int keys = width(loaded, Setting::path);
      int values = width(loaded, Setting::value);
      for (Setting setting : loaded.settings()) {
        out.printf(
            "%-" + keys + "s  %-" + values + "s  %s%n",
            setting.path(),
            setting.value(),
            setting.origin());
      }
      out.flush();
      return 0;
    }

    private static int width(
        ConfigurationReader.Loaded loaded, java.util.function.Function<Setting, String> column) {
      return loaded.settings().stream()
          .mapToInt(setting -> column.apply(setting).length())
          .max()
          .orElseThrow();
    }
  }
}
