package dev.stele.cli;

import dev.stele.blob.FileFailure;
import dev.stele.database.DatabaseException;
import dev.stele.log.LaneUnavailableException;
import dev.stele.log.Outage;
import dev.stele.oci.InvalidNameException;
import dev.stele.projection.VerificationEndedException;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.http.RefusedRequestException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.Locale;
import org.jdbi.v3.core.JdbiException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program {@code stele}. Exit status: 0 done, 1 it failed, 2 the command line is wrong. */
@Command(
    name = "stele",
    description = "An OCI registry whose every change is an event in an append-only log.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      Serve.class,
      Version.class,
      ConfigCommand.class,
      Projections.class,
      RepositoriesCommand.class,
      TagsCommand.class,
      TagHistoryCommand.class,
      ManifestsCommand.class,
      ManifestCommand.class,
      DocumentCommand.class,
      ReferrersCommand.class,
      DiffCommand.class,
      ExposureCommand.class,
      RetentionCommand.class,
      EventsCommand.class,
      EventCommand.class,
      DigestCommand.class,
      TagMovesCommand.class,
      PullsCommand.class,
      PullableCommand.class,
      WebhooksCommand.class,
      FsckCommand.class,
      GcCommand.class,
      HoldCommand.class,
      ClockCommand.class,
      ScrubCommand.class,
      StoreCommand.class,
      RestoreCommand.class,
      LoginCommand.class,
      LogoutCommand.class,
      CompletionCommand.class,
      Bench.class,
      CommandLine.HelpCommand.class,
    })
public final class Stele implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  public static void main(String[] arguments) {
    // All that is printed is English, so its numbers are, too: others read them by programs.
    Locale.setDefault(Locale.ENGLISH);
    StandardOutput.install();
    System.exit(StandardOutput.exitStatus(run(arguments)));
  }

  static int run(String... arguments) {
    return RecordTypes.register(new CommandLine(new Stele()))
        .setExecutionExceptionHandler(
            (exception, command, _) -> {
              if (misunderstood(exception)) {
                complain(exception.getMessage(), command);
                return CommandLine.ExitCode.USAGE;
              }
              report(exception, command.getErr());
              return CommandLine.ExitCode.SOFTWARE;
            })
        .setParameterExceptionHandler(
            (exception, _) -> {
              complain(exception.getMessage(), exception.getCommandLine());
              return CommandLine.ExitCode.USAGE;
            })
        .execute(arguments);
  }

  /** Whether what was asked makes no sense, rather than that there is no answer. */
  private static boolean misunderstood(Exception exception) {
    return exception instanceof InvalidNameException
        || (exception instanceof AnsweredException answered && answered.status() == 400)
        || (exception instanceof RefusedRequestException refused
            && refused.error().status() == 400);
  }

  private static void complain(String message, CommandLine command) {
    command.getErr().println("stele: " + message);
    command
        .getErr()
        .println("Try '%s --help'.".formatted(command.getCommandSpec().qualifiedName()));
  }

  /** What people can mend is one line; anything else is a defect and shows where it happened. */
  private static void report(Exception exception, PrintWriter err) {
    switch (exception) {
      case AnsweredException _,
          StartupException _,
          ConfigurationException _,
          DatabaseException _,
          RefusedRequestException _,
          RegistryUnavailableException _,
          LaneUnavailableException _,
          VerificationEndedException _ ->
          err.println("stele: " + exception.getMessage());
      case JdbiException failure when Outage.of(failure).isPresent() ->
          err.println("stele: " + Outage.of(failure).get().told());
      // A store that is away, a full disk, a file that cannot be read: whatever it is, it lies
      // outside.
      case UncheckedIOException failure -> report(failure.getCause(), err);
      case IOException failure ->
          err.println(
              "stele: "
                  + (failure instanceof FileSystemException || failure.getMessage() == null
                      ? FileFailure.reason(failure)
                      : failure.getMessage()));
      default -> {
        err.println("stele: unexpected failure: " + exception);
        exception.printStackTrace(err);
      }
    }
  }
}
