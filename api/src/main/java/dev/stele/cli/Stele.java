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
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
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
    footer = "%nIn a clone of its sources, ./stele bench measures it beside other registries.")
public final class Stele implements Runnable {
  /** The commands, as help lists them. */
  static final List<String> COMMANDS =
      List.of(
          "serve",
          "version",
          "config",
          "policy",
          "user",
          "actor",
          "robot",
          "session",
          "projections",
          "repositories",
          "tags",
          "tag-history",
          "manifests",
          "manifest",
          "document",
          "referrers",
          "diff",
          "exposure",
          "retention",
          "events",
          "event",
          "digest",
          "tag-moves",
          "pulls",
          "pullable",
          "webhooks",
          "fsck",
          "log",
          "proof",
          "evidence",
          "verify",
          "gc",
          "hold",
          "approvals",
          "clock",
          "scrub",
          "store",
          "restore",
          "login",
          "logout",
          "completion",
          "help");

  /** Those that tell of all others. */
  private static final Set<String> ALL = Set.of("help", "completion");

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  public static void main(String[] arguments) {
    runAndExit(() -> commandLine(arguments), arguments);
  }

  /**
   * Runs a program, this or one beside it, and ends the JVM with its exit status. What fails is
   * told in one line, unless it is a defect.
   *
   * @param program is asked once there is a standard output, which a command line may keep
   */
  public static void runAndExit(Supplier<CommandLine> program, String... arguments) {
    // All that is printed is English, so its numbers are, too: others read them by programs.
    Locale.setDefault(Locale.ENGLISH);
    StandardOutput.install();
    System.exit(StandardOutput.exitStatus(run(program.get(), arguments)));
  }

  static int run(String... arguments) {
    return run(commandLine(arguments), arguments);
  }

  private static int run(CommandLine program, String... arguments) {
    return program
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

  /** With the command that is meant alone, so that it starts without all others; else with all. */
  private static CommandLine commandLine(String... arguments) {
    CommandLine line = new CommandLine(new Stele());
    boolean one =
        arguments.length > 0 && !ALL.contains(arguments[0]) && COMMANDS.contains(arguments[0]);
    for (String name : one ? List.of(arguments[0]) : COMMANDS) {
      line.addSubcommand(command(name));
    }
    return RecordTypes.register(line);
  }

  /** A command by its name, whose class is loaded only now. */
  static Class<?> command(String name) {
    return switch (name) {
      case "serve" -> Serve.class;
      case "version" -> Version.class;
      case "config" -> ConfigCommand.class;
      case "policy" -> PolicyCommand.class;
      case "user" -> UserCommand.class;
      case "actor" -> ActorCommand.class;
      case "robot" -> RobotCommand.class;
      case "session" -> SessionCommand.class;
      case "projections" -> Projections.class;
      case "repositories" -> RepositoriesCommand.class;
      case "tags" -> TagsCommand.class;
      case "tag-history" -> TagHistoryCommand.class;
      case "manifests" -> ManifestsCommand.class;
      case "manifest" -> ManifestCommand.class;
      case "document" -> DocumentCommand.class;
      case "referrers" -> ReferrersCommand.class;
      case "diff" -> DiffCommand.class;
      case "exposure" -> ExposureCommand.class;
      case "retention" -> RetentionCommand.class;
      case "events" -> EventsCommand.class;
      case "event" -> EventCommand.class;
      case "digest" -> DigestCommand.class;
      case "tag-moves" -> TagMovesCommand.class;
      case "pulls" -> PullsCommand.class;
      case "pullable" -> PullableCommand.class;
      case "webhooks" -> WebhooksCommand.class;
      case "fsck" -> FsckCommand.class;
      case "log" -> LogCommand.class;
      case "proof" -> ProofCommand.class;
      case "evidence" -> EvidenceCommand.class;
      case "verify" -> VerifyCommand.class;
      case "gc" -> GcCommand.class;
      case "hold" -> HoldCommand.class;
      case "approvals" -> ApprovalsCommand.class;
      case "clock" -> ClockCommand.class;
      case "scrub" -> ScrubCommand.class;
      case "store" -> StoreCommand.class;
      case "restore" -> RestoreCommand.class;
      case "login" -> LoginCommand.class;
      case "logout" -> LogoutCommand.class;
      case "completion" -> CompletionCommand.class;
      case "help" -> CommandLine.HelpCommand.class;
      default -> throw new IllegalArgumentException("there is no command " + name);
    };
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
