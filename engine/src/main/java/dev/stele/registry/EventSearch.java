package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.ActorId;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Facet;
import dev.stele.event.Facet.Kind;
import dev.stele.event.Facets;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.EventIndex;
import dev.stele.sql.Deadline;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * One search for events by a filter: in the index as far as that has come, and straight in the log
 * where it has not, so that the answer is current. For one thread and one connection.
 */
final class EventSearch {
  /** How many events are read one by one rather than looked for in the index. */
  static final int STRAIGHT = 256;

  /** How many events are looked at for a page, where the index cannot tell which repository. */
  private static final int MOST_EXAMINED = 20_000;

  private static final int CHUNK = 1_000;

  /** A glob that means more repositories than this is matched with each event instead. */
  private static final int MOST_NAMES = 500;

  private static final int MOST_NAMES_READ = 20_000;

  /**
   * What was found.
   *
   * @param leaves one more than the limit if there are so many
   * @param examined the position to go on from if the search was given up before its end
   */
  record Found(List<JsonNode> leaves, OptionalLong examined) {}

  /** The types of events that may speak of a tag. */
  private static final Set<Facet> WITH_TAGS =
      EventCodec.typesWith("tag", "tags").stream()
          .map(type -> new Facet(Kind.TYPE, type))
          .collect(Collectors.toUnmodifiableSet());

  private static final Set<Facet> HOLDS =
      Set.of(
          new Facet(Kind.TYPE, Event.HoldPlaced.class.getSimpleName()),
          new Facet(Kind.TYPE, Event.HoldReleased.class.getSimpleName()));

  private final Handle handle;
  private final EventCodec codec;
  private final LogReader reader;
  private final EventQuery query;
  private final int enough;
  private final List<JsonNode> found = new ArrayList<>();
  private OptionalLong examined = OptionalLong.empty();

  EventSearch(Handle handle, EventCodec codec, LogReader reader, EventQuery query) {
    this.handle = handle;
    this.codec = codec;
    this.reader = reader;
    this.query = query;
    this.enough = query.limit() + 1;
  }

  /** What was found; empty if the index is too far behind to search. */
  Optional<Found> run() {
    long low = Math.max(0, query.after() + 1);
    long high = Math.min(query.through(), LogReader.nextPosition(handle) - 1);
    Optional<List<Set<Facet>>> sought = sought(query.filter());
    if (low > high || sought.isEmpty()) {
      return found();
    }
    List<Set<Facet>> facets = sought.get();
    Optional<RepositoryGlob> glob = query.filter().repository();
    if (facets.isEmpty() && glob.isEmpty()) {
      leaves(low, high, enough).forEach(leaf -> found.add(codec.tree(leaf.bytes())));
      return found();
    }
    // Read before the index: what it gains meanwhile is read from the log instead.
    long indexed = high - low < STRAIGHT ? low : Math.max(low, EventIndex.nextPosition(handle));
    if (high - indexed >= STRAIGHT) {
      return Optional.empty();
    }
    if (query.newestFirst()) {
      readLog(facets, indexed, high);
      readIndex(facets, low, Math.min(high, indexed - 1));
    } else {
      readIndex(facets, low, Math.min(high, indexed - 1));
      if (examined.isEmpty()) {
        readLog(facets, indexed, high);
      }
    }
    return found();
  }

  private Optional<Found> found() {
    return Optional.of(new Found(found.subList(0, Math.min(found.size(), enough)), examined));
  }

  private List<LogReader.Leaf> leaves(long low, long high, int limit) {
    return reader.leaves(handle, low, high, query.newestFirst(), limit);
  }

  /** What an event must have, one of each; empty if nothing can have it. The glob is not in it. */
  private Optional<List<Set<Facet>>> sought(EventFilter filter) {
    List<Set<Facet>> all = new ArrayList<>();
    if (!filter.types().isEmpty()) {
      Set<Facet> types = new HashSet<>();
      filter.types().forEach(type -> types.add(new Facet(Kind.TYPE, type)));
      all.add(types);
    }
    filter.digest().ifPresent(digest -> all.add(Set.of(Facets.digest(digest))));
    filter
        .tag()
        .ifPresent(
            tag -> all.add(tag.only().map(only -> Set.of(Facets.tag(only))).orElse(WITH_TAGS)));
    filter.cause().ifPresent(cause -> all.add(Set.of(new Facet(Kind.CAUSE, cause.name()))));
    if (filter.actor().isPresent()) {
      Set<Facet> actors = actors(filter.actor().get());
      if (actors.isEmpty()) {
        return Optional.empty();
      }
      all.add(actors);
    }
    return Optional.of(all);
  }

  /** A user, a robot and others may have the same name. */
  private Set<Facet> actors(String name) {
    return handle
        .createQuery("SELECT id FROM actor WHERE name = :name")
        .bind("name", name)
        .mapTo(UUID.class)
        .map(id -> Facets.actor(new ActorId(id)))
        .collect(Collectors.toSet());
  }

  /** The last few events, which are not worth an index or not in it yet. */
  private void readLog(List<Set<Facet>> facets, long low, long high) {
    if (low > high || found.size() >= enough) {
      return;
    }
    for (LogReader.Leaf leaf : leaves(low, high, STRAIGHT)) {
      RecordedEvent recorded = reader.decode(leaf);
      Set<Facet> has = Facets.of(recorded);
      if (facets.stream().noneMatch(group -> Collections.disjoint(has, group))
          && query.filter().isIn(recorded.event().place(), recorded.event().repositories())
          && query.filter().speaksOfTag(has)) {
        found.add(codec.tree(leaf.bytes()));
      }
    }
  }

  private void readIndex(List<Set<Facet>> facets, long low, long high) {
    if (low > high || found.size() >= enough) {
      return;
    }
    List<Collection<Facet>> groups = new ArrayList<>(facets);
    boolean checkTag = query.filter().tag().filter(tag -> tag.only().isEmpty()).isPresent();
    boolean many =
        query.filter().repository().filter(glob -> addGlob(glob, groups)).isPresent() || checkTag;
    long from = low;
    long to = high;
    int looked = 0;
    while (from <= to) {
      int limit = many ? CHUNK : enough - found.size();
      List<LogReader.Leaf> chunk =
          groups.isEmpty()
              ? leaves(from, to, limit)
              : reader.leaves(
                  handle, EventIndex.find(handle, groups, from, to, query.newestFirst(), limit));
      for (LogReader.Leaf leaf : chunk) {
        Deadline.check();
        JsonNode tree = codec.tree(leaf.bytes());
        if (query.filter().isIn(place(tree), several(tree))
            && (!checkTag || query.filter().speaksOfTag(Facets.of(reader.decode(leaf))))) {
          found.add(tree);
        }
      }
      if (chunk.size() < limit || found.size() >= enough) {
        return;
      }
      long last = chunk.getLast().position();
      looked += chunk.size();
      if (looked >= MOST_EXAMINED) {
        examined = OptionalLong.of(last);
        return;
      }
      from = query.newestFirst() ? from : last + 1;
      to = query.newestFirst() ? last - 1 : to;
    }
  }

  private static Optional<String> several(JsonNode leaf) {
    JsonNode data = leaf.get("data");
    return Optional.ofNullable(data.get("repositories"))
        .or(() -> Optional.ofNullable(data.get("asked")))
        .map(JsonNode::asText);
  }

  private static Optional<RepositoryName> place(JsonNode leaf) {
    return Optional.ofNullable(leaf.get("data").get("repository"))
        .map(JsonNode::asText)
        .map(RepositoryName::parse);
  }

  /**
   * Adds what the index knows of the repositories that a glob means; true if that may be more than
   * it means, so that the events must be checked.
   */
  private boolean addGlob(RepositoryGlob glob, List<Collection<Facet>> groups) {
    if (glob.only().isPresent()) {
      groups.add(withHolds(Set.of(new Facet(Kind.REPOSITORY, glob.only().get()))));
      return false;
    }
    if (glob.allBelow().isPresent()) {
      groups.add(withHolds(Set.of(new Facet(Kind.NAMESPACE, glob.allBelow().get()))));
      return false;
    }
    Optional<Set<Facet>> names = names(glob);
    if (names.isPresent()) {
      groups.add(withHolds(names.get()));
      return false;
    }
    int slash = glob.beginning().lastIndexOf('/');
    if (slash > 0) {
      groups.add(
          withHolds(Set.of(new Facet(Kind.NAMESPACE, glob.beginning().substring(0, slash)))));
    }
    return true;
  }

  /** Holds may be of several repositories; all are looked at, since they are few. */
  private static Set<Facet> withHolds(Set<Facet> places) {
    Set<Facet> all = new HashSet<>(places);
    all.addAll(HOLDS);
    return all;
  }

  /** The repositories that a glob means, unless they are many. */
  private Optional<Set<Facet>> names(RepositoryGlob glob) {
    Set<Facet> names = new HashSet<>();
    String after = "";
    for (int read = 0; read < MOST_NAMES_READ; read += CHUNK) {
      List<String> page = EventIndex.repositories(handle, glob.beginning(), after, CHUNK);
      for (String name : page) {
        Deadline.check();
        if (glob.matches(RepositoryName.parse(name))) {
          names.add(new Facet(Kind.REPOSITORY, name));
        }
      }
      if (names.size() > MOST_NAMES) {
        return Optional.empty();
      }
      if (page.size() < CHUNK) {
        return Optional.of(names);
      }
      after = page.getLast();
    }
    return Optional.empty();
  }
}
