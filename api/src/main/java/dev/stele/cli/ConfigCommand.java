package dev.stele.cli;

import dev.stele.question.Columns;
import dev.stele.server.ServerSettings;
import dev.stele.server.StartupException;
import dev.stele.server.SteleServer;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import dev.stele.server.config.Setting;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code stele config}: what is configured. */
@Command(
    name = "config",
    description = "Checks the configuration.",
    subcommands = ConfigCommand.Check.class)
final class ConfigCommand extends CommandGroup {
  /** {@code stele config check}. */
  @Command(
      name = "check",
      description = {
        "Reads the file and the environment as serve does, and starts nothing. Prints each key, its"
            + " value and where that comes from; or every problem, with exit status 1."
      },
      mixinStandardHelpOptions = true)
  static final class Check implements Callable<Integer> {
    private static final Columns<Setting> SETTING =
        Columns.of(Setting.class)
            .with("key", Setting::path)
            .with("value", Setting::value)
            .with("origin", Setting::origin);

    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;
    @Mixin private RowOutput output;

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      ConfigurationReader.Loaded loaded = options.load(Optional.empty());
      SteleServer.check(ServerSettings.of(loaded.configuration()));
      output.print(spec.commandLine().getOut(), SETTING, loaded.settings());
      return 0;
    }
  }
}
