package dev.stele.cli;

import picocli.CommandLine.Command;

/** {@code stele retention}: what policies decide, and would have decided. */
@Command(
    name = "retention",
    description =
        "Asks what retention policies decide, would have decided, and did. Changes nothing.",
    subcommands = {
      RetentionPreview.class,
      RetentionReplay.class,
      RetentionExplain.class,
      RetentionLog.class,
      RetentionVerify.class,
    })
final class RetentionCommand extends CommandGroup {}
