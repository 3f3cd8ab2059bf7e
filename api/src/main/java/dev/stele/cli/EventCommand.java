package dev.stele.cli;

import dev.stele.history.History;
import dev.stele.registry.EventEntry;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code stele event}. */
@Command(name = "event", description = "Shows one event.")
final class EventCommand extends PastCommand {
  private static final Columns<EventEntry> EVENT =
      EventsCommand.EVENT.with("requestId", EventEntry::requestId);

  @Parameters(paramLabel = "POSITION", description = "Of the event in the log; the first is at 0.")
  private long position;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    if (position < 0) {
      throw new ParameterException(spec().commandLine(), "POSITION must not be negative");
    }
    EventEntry event =
        inspection
            .registry()
            .event(position)
            .orElseThrow(
                () ->
                    new NotThereException(
                        "there is no event at position %d yet; the newest is at %d"
                            .formatted(position, history.now().position())));
    output().print(out, EVENT, List.of(event));
  }
}
