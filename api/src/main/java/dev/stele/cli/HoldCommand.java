package dev.stele.cli;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Hold;
import dev.stele.question.DigestText;
import dev.stele.question.HoldRow;
import dev.stele.registry.Holds;
import dev.stele.registry.NewHold;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele hold}: what nobody may remove. */
@Command(
    name = "hold",
    description = {
      "Holds: what nobody may remove, neither clients nor retention nor the collector.",
      "The server may be running or not. Who did it is recorded as cli:<user of this machine>."
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {HoldCommand.Place.class, HoldCommand.Listing.class, HoldCommand.Release.class})
final class HoldCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /** What is wrong with an argument is answered as picocli answers it. */
  private static <T> T argument(CommandSpec spec, Supplier<T> parsed) {
    try {
      return parsed.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static Hold find(Holds holds, UUID id) {
    return holds
        .find(id)
        .orElseThrow(refusal -> new IllegalStateException("the hold is not there: " + refusal));
  }

  /** {@code stele hold place}. */
  @Command(
      name = "place",
      description = "Places a hold on repositories, or on a tag or a digest of them.",
      mixinStandardHelpOptions = true)
  static final class Place implements Callable<Integer> {
    /** At most one of these. */
    private static final class What {
      @Option(names = "--tag", description = "Only this tag, and what it points to.")
      private String tag;

      @Option(
          names = "--digest",
          description = "Only this manifest or blob, and what it refers to.")
      private DigestText digest;
    }

    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;
    @Mixin private RowOutput output;

    @Parameters(
        paramLabel = "REPOSITORIES",
        description = "A repository's name, or a glob such as 'team/**'.")
    private String repositories;

    @ArgGroup(exclusive = true)
    private What what;

    @Option(names = "--freeze", description = "Covered tags may not move either.")
    private boolean freeze;

    @Option(names = "--reason", required = true, description = "Why, for the record.")
    private String reason;

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      NewHold wanted =
          argument(
              spec,
              () ->
                  new NewHold(
                      UUID.randomUUID(),
                      new HoldScope(
                          RepositoryGlob.parse(repositories),
                          Optional.ofNullable(what).map(w -> w.tag).map(Tag::parse),
                          Optional.empty()),
                      freeze,
                      reason));
      PrintWriter out = spec.commandLine().getOut();
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
        Holds holds = inspection.registry().holds();
        Optional<Digest> digest =
            Optional.ofNullable(what)
                .map(w -> w.digest)
                .map(text -> text.resolve(inspection.registry().archive()));
        NewHold hold =
            new NewHold(
                wanted.id(),
                new HoldScope(wanted.scope().repositories(), wanted.scope().tag(), digest),
                freeze,
                reason);
        holds
            .place(inspection.operator(), hold)
            .orElseThrow(refusal -> new IllegalStateException("refused: " + refusal));
        boolean covers = holds.covers(hold.scope());
        output.print(
            out,
            HoldRow.COLUMNS,
            HoldRow.of(find(holds, hold.id()), covers),
            "Hold %s on %s is in force%s"
                .formatted(
                    hold.id(),
                    hold.scope(),
                    covers ? "" : "; there is nothing now that it covers"));
        out.flush();
        return 0;
      }
    }
  }

  /** {@code stele hold list}. */
  @Command(name = "list", description = "Lists the holds in force, newest first.")
  static final class Listing extends QuestionCommand {
    @Option(names = "--all", description = "Also those that were released.")
    private boolean all;

    @Override
    Asking asking() {
      return Asking.of("hold list").with("state", all ? "all" : "active");
    }
  }

  /** {@code stele hold release}. */
  @Command(
      name = "release",
      description = "Ends a hold. What only it kept has a whole grace period from then.",
      mixinStandardHelpOptions = true)
  static final class Release implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;
    @Mixin private RowOutput output;

    @Parameters(paramLabel = "ID", description = "As stele hold list shows it.")
    private UUID id;

    @Option(names = "--reason", required = true, description = "Why, for the record.")
    private String reason;

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      argument(
          spec,
          () -> {
            NewHold.checkReason(reason);
            return reason;
          });
      PrintWriter out = spec.commandLine().getOut();
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
        Holds holds = inspection.registry().holds();
        switch (holds.release(inspection.operator(), id, reason)) {
          case Outcome.Ok<Boolean>(Boolean released) -> {
            Hold hold = find(holds, id);
            output.print(
                out,
                HoldRow.COLUMNS,
                HoldRow.of(hold),
                released
                    ? "Hold %s on %s is released".formatted(id, hold.scope())
                    : "Hold %s had been released before".formatted(id));
            out.flush();
            return 0;
          }
          case Outcome.Refused<Boolean>(Refusal _) -> {
            spec.commandLine().getErr().println("stele: there is no hold " + id);
            return 1;
          }
        }
      }
    }
  }
}
