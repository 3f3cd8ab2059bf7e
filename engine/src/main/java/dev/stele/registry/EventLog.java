package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.EventCodec;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.RepositoryName;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** The log as people read it: events with the names of their actors. Thread-safe. */
final class EventLog {
  /** How long a follower relies on being woken before it looks by itself. */
  private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

  private final Jdbi jdbi;
  private final EventCodec codec;
  private final LogReader reader;
  private final LogSignal signal;
  private volatile Optional<UUID> id = Optional.empty();

  EventLog(Jdbi jdbi, EventCodec codec, LogSignal signal) {
    this.jdbi = jdbi;
    this.codec = codec;
    this.reader = new LogReader(codec);
    this.signal = signal;
  }

  /** The identity of the log, made from its first event; empty while there is none. */
  Optional<UUID> id() {
    if (id.isEmpty()) {
      id =
          Availability.read(
                  jdbi, handle -> reader.leaves(handle, -1, 1, Optional.empty(), Optional.empty()))
              .stream()
              .findFirst()
              .map(first -> UUID.nameUUIDFromBytes(first.bytes()));
    }
    return id;
  }

  List<EventEntry> list(long after, int limit, EventFilter filter) {
    return Availability.read(
        jdbi,
        handle -> {
          List<JsonNode> leaves =
              reader
                  .leaves(
                      handle,
                      after,
                      limit,
                      filter.repository().map(RepositoryName::value),
                      filter.type())
                  .stream()
                  .map(leaf -> codec.tree(leaf.bytes()))
                  .toList();
          Map<String, String> names = names(handle, leaves);
          return leaves.stream().map(leaf -> entry(leaf, names)).toList();
        });
  }

  private static Map<String, String> names(Handle handle, List<JsonNode> leaves) {
    UUID[] ids =
        leaves.stream()
            .map(leaf -> leaf.get("actor").asText())
            .distinct()
            .map(UUID::fromString)
            .toArray(UUID[]::new);
    Map<String, String> names = new HashMap<>();
    handle
        .createQuery("SELECT id, name FROM actor WHERE id = ANY (:ids)")
        .bindArray("ids", UUID.class, (Object[]) ids)
        .map((row, _) -> names.put(row.getString("id"), row.getString("name")))
        .list();
    return names;
  }

  private static EventEntry entry(JsonNode leaf, Map<String, String> names) {
    return new EventEntry(
        Long.parseLong(leaf.get("position").asText()),
        leaf.get("type").asText(),
        Optional.ofNullable(leaf.get("data").get("repository")).map(JsonNode::asText),
        Instant.parse(leaf.get("at").asText()),
        Optional.ofNullable(names.get(leaf.get("actor").asText())),
        leaf.get("cause"),
        leaf.get("request").asText(),
        leaf.get("data"));
  }

  /**
   * Waits until there is an event after that position, or the time is over; returns the newest
   * position, -1 for an empty log.
   */
  long await(long after, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      long newest = newest();
      long left = deadline - System.nanoTime();
      if (newest > after || left <= 0) {
        return newest;
      }
      boolean _ =
          signal.await(after + 1, Duration.ofNanos(Math.min(left, POLL_INTERVAL.toNanos())));
    }
  }

  private long newest() {
    return Availability.read(jdbi, LogReader::nextPosition) - 1;
  }
}
