package dev.stele.cli;

import dev.stele.event.EventCodec;
import dev.stele.history.History;
import dev.stele.oci.Digest;
import dev.stele.registry.EventEntry;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code stele events}. */
@Command(
    name = "events",
    description =
        "Lists events, by any mix of time, actor, type, repository, digest, tag and cause.")
final class EventsCommand extends PastCommand {
  /** What everybody sees of an event. */
  static final Columns<EventEntry> EVENT =
      Columns.of(EventEntry.class)
          .with("position", EventEntry::position)
          .with("recordedAt", EventEntry::recordedAt)
          .with("type", EventEntry::type)
          .with("actor", EventEntry::actor)
          .with("repository", EventEntry::repository)
          .with("cause", EventEntry::cause, event -> EventText.cause(event.cause()))
          .with("data", EventEntry::data, event -> EventText.data(event.data()));

  @Mixin private EventOptions events;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Only events of this type, such as TagMoved; may be given more than once.")
  private Set<String> types = Set.of();

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      description = "Only what speaks of this digest.")
  private Digest digest;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    for (String type : types) {
      if (!EventCodec.typeNames().contains(type)) {
        throw new ParameterException(
            spec().commandLine(),
            "there is no type of events '%s'; there are %s"
                .formatted(type, String.join(", ", new TreeSet<>(EventCodec.typeNames()))));
      }
    }
    long count =
        events.print(
            inspection.registry(),
            history,
            types,
            Optional.ofNullable(digest),
            Function.identity(),
            output(),
            EVENT,
            out);
    output().note(out, "%,d events".formatted(count));
  }
}
