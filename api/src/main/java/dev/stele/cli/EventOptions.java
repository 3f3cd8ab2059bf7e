package dev.stele.cli;

import dev.stele.event.Cause;
import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.EventPage;
import dev.stele.registry.EventQuery;
import dev.stele.registry.Registry;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** Which events a command is about, and how many of them it prints. A mixin. */
final class EventOptions {
  private static final int PAGE = 1_000;

  @Option(
      names = "--from",
      paramLabel = "MOMENT",
      description =
          "Only what was recorded after a time, such as 2026-03-03T14:05:00Z or 20260303t140500z,"
              + " or after the event at a position, such as p12345.")
  private Moment from;

  @Option(
      names = "--to",
      paramLabel = "MOMENT",
      description = "Only what was recorded until then. Default: now")
  private Moment to;

  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only of this repository, or of those that a glob matches, such as team/**.")
  private RepositoryGlob repository;

  @Option(names = "--actor", paramLabel = "USER", description = "Only what this user did.")
  private String actor;

  @Option(
      names = "--tag",
      paramLabel = "TAG",
      description = "Only what speaks of a tag of this name.")
  private Tag tag;

  @Option(
      names = "--cause",
      paramLabel = "KIND",
      description = "Only what has such a cause: ${COMPLETION-CANDIDATES}.")
  private Cause.Kind cause;

  @Option(names = "--newest-first", description = "The newest first; else the oldest.")
  private boolean newestFirst;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "0",
      description = "How many at most. Default: all")
  private long limit;

  /**
   * Prints the events that are meant, as rows, page by page.
   *
   * @param types of the events; empty for all
   * @param digest that they speak of
   * @return how many there were
   */
  <T> long print(
      Registry registry,
      History history,
      Set<String> types,
      Optional<Digest> digest,
      Function<EventEntry, T> row,
      RowOutput output,
      Columns<T> columns,
      PrintWriter out) {
    // The server may be away and never have indexed what there is.
    registry.indexEvents();
    EventFilter filter =
        new EventFilter(
            Optional.ofNullable(repository),
            types,
            Optional.ofNullable(actor),
            digest,
            Optional.ofNullable(tag),
            Optional.ofNullable(cause));
    EventQuery query =
        new EventQuery(
            filter,
            position(history, from).orElse(-1L),
            position(history, to).orElse(Long.MAX_VALUE),
            newestFirst,
            PAGE);
    long left = limit <= 0 ? Long.MAX_VALUE : limit;
    long printed = 0;
    try (Rows<T> rows = output.open(out, columns)) {
      while (left > 0) {
        EventPage page = registry.events(query);
        page.events().stream().limit(left).map(row).forEach(rows::add);
        long shown = Math.min(left, page.events().size());
        printed += shown;
        left -= shown;
        if (page.next().isEmpty()) {
          break;
        }
        query = query.from(page.next().getAsLong());
      }
    }
    return printed;
  }

  private static Optional<Long> position(History history, Moment moment) {
    return Optional.ofNullable(moment)
        .map(when -> Absence.present(history, history.asOf(when)))
        .map(AsOf::position);
  }
}
