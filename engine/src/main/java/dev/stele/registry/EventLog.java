package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.EventCodec;
import dev.stele.log.LogIdentity;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.Digest;
import dev.stele.projection.ProjectionRunner;
import dev.stele.sql.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The log as people read it: events with the names of their actors. Methods throw {@link
 * RegistryUnavailableException} when the database is away. Thread-safe.
 */
public final class EventLog {
  /** The index takes whole units, and a search reads what is newer than that by itself. */
  private static final int UNINDEXED = EventSearch.STRAIGHT / 2;

  private final Jdbi pressing;
  private final Jdbi jdbi;
  private final EventCodec codec;
  private final LogReader reader;
  private final LogSignal signal;
  private final ProjectionRunner index;
  private final EventTail tail = new EventTail(this::read);

  /**
   * @param pressing for what takes no time and must not wait for questions
   */
  EventLog(
      Jdbi pressing,
      Jdbi jdbi,
      EventCodec codec,
      LogReader reader,
      LogSignal signal,
      ProjectionRunner index) {
    this.pressing = pressing;
    this.jdbi = jdbi;
    this.codec = codec;
    this.reader = reader;
    this.signal = signal;
    this.index = index;
  }

  /**
   * A page of events, current to the last one. A page costs a few look-ups, however long the log
   * and however rare what is looked for, unless a glob means hundreds of repositories.
   *
   * @throws RegistryUnavailableException also while the index of events is far behind, as it is
   *     when it is new
   */
  public EventPage events(EventQuery query) {
    long deadline = System.nanoTime() + Archive.PATIENCE.toNanos();
    boolean waited;
    do {
      Optional<EventPage> page =
          Availability.read(
              jdbi,
              handle ->
                  new EventSearch(handle, codec, reader, query)
                      .run()
                      .map(found -> page(handle, query, found)));
      if (page.isPresent()) {
        return page.get();
      }
      waited = indexed(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    } while (waited);
    throw new RegistryUnavailableException(
        "the index of events is being built and has come to event %d of %d; try again later"
            .formatted(
                Availability.guard(index::nextPosition),
                Availability.read(jdbi, LogReader::nextPosition)));
  }

  private static EventPage page(Handle handle, EventQuery query, EventSearch.Found found) {
    boolean more = found.leaves().size() > query.limit();
    List<JsonNode> leaves = more ? found.leaves().subList(0, query.limit()) : found.leaves();
    Openings openings = Openings.of(handle, leaves);
    List<EventEntry> entries = leaves.stream().map(leaf -> entry(leaf, openings)).toList();
    return new EventPage(
        entries, more ? OptionalLong.of(entries.getLast().position()) : found.examined());
  }

  /** What the log is called, which no other one is. Empty while there is no event. */
  public Optional<LogIdentity> identity() {
    return Availability.read(jdbi, LogIdentity::read);
  }

  /** At most {@code limit} events after a position (-1 for the start), in order. */
  public List<EventEntry> events(long after, int limit, EventFilter filter) {
    List<EventEntry> events = new ArrayList<>();
    EventQuery query = new EventQuery(filter, after, Long.MAX_VALUE, false, limit);
    while (true) {
      EventPage page = events(query);
      events.addAll(page.events());
      if (events.size() >= limit || page.next().isEmpty()) {
        return events.size() > limit ? events.subList(0, limit) : events;
      }
      query = query.from(page.next().getAsLong());
    }
  }

  /** Indexes all events that there are, which takes long if nobody has done so before. */
  public void index() {
    while (!indexed(Archive.PATIENCE)) {
      if (Thread.currentThread().isInterrupted()) {
        throw new RegistryUnavailableException("interrupted while events were being indexed");
      }
    }
  }

  /** The event at a position; empty if there is none yet. */
  public Optional<EventEntry> event(long position) {
    return events(position - 1, 1, EventFilter.ALL).stream()
        .filter(event -> event.position() == position)
        .findFirst();
  }

  /** Whether any event speaks of a digest. */
  public boolean mentioned(Digest digest) {
    EventFilter filter = EventFilter.ALL.ofDigest(digest);
    return !events(new EventQuery(filter, -1, Long.MAX_VALUE, true, 1)).events().isEmpty();
  }

  /**
   * The position of the newest event on record, -1 if there is none: asked of the database, not of
   * what this node heard.
   *
   * @throws RegistryUnavailableException if the database is away
   */
  public long newestPosition() {
    return Availability.read(pressing, LogReader::nextPosition) - 1;
  }

  /**
   * Waits until there is an event after a position, or the time is over. Whoever waits holds
   * nothing and costs the database nothing.
   *
   * @return whether there is one, as far as this node knows
   */
  public boolean await(long after, Duration timeout) throws InterruptedException {
    return signal.await(after + 1, timeout);
  }

  /** How far this node knows the log to reach: the position after the newest event. */
  public long knownPosition() {
    return signal.known();
  }

  /** Waits until the index has all events but for the newest. False if it has not in time. */
  private boolean indexed(Duration patience) {
    long next = Availability.read(jdbi, LogReader::nextPosition);
    return Availability.guard(() -> index.await(next - UNINDEXED, patience));
  }

  private static EventEntry entry(JsonNode leaf, Openings openings) {
    return new EventEntry(
        Long.parseLong(leaf.get("position").asText()),
        leaf.get("type").asText(),
        Optional.ofNullable(leaf.get("data").get("repository")).map(JsonNode::asText),
        Instant.parse(leaf.get("at").asText()),
        openings.actor(leaf),
        openings.origin(leaf),
        openings.user(leaf),
        leaf.get("cause"),
        leaf.get("request").asText(),
        leaf.get("data"));
  }

  /**
   * What is new after a position. Those who are up to date share one reading of the log.
   *
   * @param limit how many events at most, at least 1
   * @throws RegistryUnavailableException if the database is away
   */
  public News news(long after, EventFilter filter, int limit) throws InterruptedException {
    long next = signal.known();
    if (next <= after + 1) {
      return new News(List.of(), after);
    }
    Optional<List<EventTail.Item>> fresh = tail.from(after + 1, next);
    if (fresh.isPresent()) {
      if (fresh.get().isEmpty()) {
        Thread.sleep(100); // the log was put back, which the signal will know in a moment
      }
      List<EventEntry> found = new ArrayList<>();
      long through = after;
      for (EventTail.Item item : fresh.get()) {
        if (found.size() == limit) {
          break;
        }
        Deadline.check();
        if (filter.matches(item.event(), item.facets(), item.entry().actor())) {
          found.add(item.entry());
        }
        through = item.entry().position();
      }
      return new News(found, through);
    }
    EventPage page = events(new EventQuery(filter, after, next - 1, false, limit));
    return new News(page.events(), page.next().orElse(next - 1));
  }

  private List<EventTail.Item> read(long from, int limit) {
    return Availability.read(
        jdbi,
        handle -> {
          List<LogReader.Leaf> leaves = reader.leaves(handle, from, Long.MAX_VALUE, false, limit);
          List<JsonNode> trees = leaves.stream().map(leaf -> codec.tree(leaf.bytes())).toList();
          Openings openings = Openings.of(handle, trees);
          List<EventTail.Item> items = new ArrayList<>();
          for (int i = 0; i < leaves.size(); i++) {
            LogReader.Leaf leaf = leaves.get(i);
            items.add(
                EventTail.Item.of(
                    entry(trees.get(i), openings), reader.decode(leaf), leaf.bytes().length));
          }
          return items;
        });
  }
}
