package dev.stele.cli;

import dev.stele.claim.Standing;
import dev.stele.claim.StoreMarker;
import dev.stele.question.Columns;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele store}: whose the blob stores are. */
@Command(
    name = "store",
    description = {
      "The blob stores, and whose they are: each belongs to one registry, which alone writes to it"
          + " and collects in it."
    },
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {StoreCommand.Listing.class, StoreCommand.TakeOver.class})
final class StoreCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  /**
   * A store as the list shows it.
   *
   * @param standing {@code owned}, {@code new} or {@code refused}
   * @param position up to which events are known to have been acknowledged on it
   * @param reason why it is refused, and what to do
   */
  private record Line(
      String name,
      String standing,
      Optional<UUID> log,
      Optional<Long> position,
      Optional<String> reason) {
    static Line of(String name, Standing standing) {
      return switch (standing) {
        case Standing.Owned(String _, StoreMarker marker) ->
            of(name, "owned", Optional.of(marker), Optional.empty());
        case Standing.Fresh() -> of(name, "new", Optional.empty(), Optional.empty());
        case Standing.Refused refused ->
            of(name, "refused", refused.marker(), Optional.of(refused.reason()));
      };
    }

    private static Line of(
        String name, String standing, Optional<StoreMarker> marker, Optional<String> reason) {
      return new Line(
          name,
          standing,
          marker.flatMap(StoreMarker::log),
          marker.map(StoreMarker::position).filter(position -> position >= 0),
          reason);
    }
  }

  private static final Columns<Line> LINE =
      Columns.of(Line.class)
          .with("name", Line::name)
          .with("standing", Line::standing)
          .with("log", Line::log)
          .with("position", Line::position)
          .with("reason", Line::reason);

  /** {@code stele store list}. */
  @Command(
      name = "list",
      description = {
        "Lists the stores: owned, new (empty, and nobody's), or refused, with why and what to do.",
        "Exit status 1 if one is refused."
      },
      mixinStandardHelpOptions = true)
  static final class Listing implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;
    @Mixin private RowOutput output;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      PrintWriter out = spec.commandLine().getOut();
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
        Map<String, Standing> stores = inspection.registry().stores().standings();
        output.print(
            out,
            LINE,
            stores.entrySet().stream()
                .map(store -> Line.of(store.getKey(), store.getValue()))
                .toList());
        out.flush();
        return stores.values().stream().anyMatch(Standing.Refused.class::isInstance) ? 1 : 0;
      }
    }
  }

  /** {@code stele store take-over}. */
  @Command(
      name = "take-over",
      description = {
        "Makes a store this registry's, whoever it belonged to. Stop every server that uses the"
            + " store before.",
        "What this registry's log does not know in it is removed when it has been there for"
            + " gc.grace more: that includes what a newer copy of the database, or another"
            + " registry, needs. The log begins a new epoch, which CloudEvents show in their"
            + " source. Recorded as StoreTakenOver."
      },
      mixinStandardHelpOptions = true)
  static final class TakeOver implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;

    @Parameters(
        paramLabel = "NAME",
        description =
            "The store's name, as in the configuration; 'default' for that of all others.")
    private String name;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
        boolean served = inspection.registry().health().isServed();
        Optional<Standing> before =
            inspection.registry().stores().takeOver(inspection.operator(), name);
        PrintWriter to =
            before.isPresent() ? spec.commandLine().getOut() : spec.commandLine().getErr();
        to.println(
            before.isPresent()
                ? "Store " + name + " belongs to this registry from now on"
                : "stele: there is no store " + name + "; stele store list shows those there are");
        to.flush();
        if (served && before.isPresent()) {
          PrintWriter err = spec.commandLine().getErr();
          err.println(
              "stele: warning: a server of this registry seems to run now; whoever takes a store"
                  + " over stops every server that uses it before");
          err.flush();
        }
        return before.isPresent() ? 0 : 1;
      }
    }
  }
}
