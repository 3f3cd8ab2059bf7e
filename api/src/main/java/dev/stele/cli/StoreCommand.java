package dev.stele.cli;

import dev.stele.claim.Standing;
import dev.stele.claim.StoreMarker;
import dev.stele.question.Columns;
import dev.stele.server.Inspection;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code stele store}: whose the blob stores are. */
@Command(
    name = "store",
    description = {
      "The blob stores, and whose they are: each belongs to one registry, which alone writes to it"
          + " and collects in it."
    },
    subcommands = {StoreCommand.Listing.class, StoreCommand.TakeOver.class})
final class StoreCommand extends CommandGroup {
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
      })
  static final class Listing extends MaintenanceCommand {
    @Mixin private RowOutput output;

    @Override
    int run(Inspection inspection, PrintWriter out) throws IOException {
      Map<String, Standing> stores = inspection.registry().stores().standings();
      output.print(
          out,
          LINE,
          stores.entrySet().stream()
              .map(store -> Line.of(store.getKey(), store.getValue()))
              .toList());
      return stores.values().stream().anyMatch(Standing.Refused.class::isInstance) ? 1 : 0;
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
      })
  static final class TakeOver extends MaintenanceCommand {
    @Parameters(
        paramLabel = "NAME",
        description =
            "The store's name, as in the configuration; 'default' for that of all others.")
    private String name;

    @Override
    int run(Inspection inspection, PrintWriter out) throws IOException {
      boolean served = inspection.registry().health().isServed();
      Optional<Standing> before =
          inspection.registry().stores().takeOver(Inspection.operator(), name);
      if (before.isEmpty()) {
        return refuse("there is no store " + name + "; stele store list shows those there are");
      }
      out.println("Store " + name + " belongs to this registry from now on");
      out.println(
          "If the database is an older copy, what was revoked, released or forgotten since is not:"
              + " look at robots, sessions, holds and actors");
      out.flush();
      if (served) {
        PrintWriter err = spec().commandLine().getErr();
        err.println(
            "stele: warning: a server of this registry seems to run now; whoever takes a store"
                + " over stops every server that uses it before");
        err.flush();
      }
      return 0;
    }
  }
}
