package dev.stele.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stele retention}: what policies decide, and would have decided. */
@Command(
    name = "retention",
    description =
        "Asks what retention policies decide, would have decided, and did. Changes nothing.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RetentionPreview.class,
      RetentionReplay.class,
      RetentionExplain.class,
      RetentionLog.class,
      RetentionVerify.class,
    })
final class RetentionCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
