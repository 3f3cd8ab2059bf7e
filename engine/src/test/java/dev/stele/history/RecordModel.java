package dev.stele.history;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What questions about the record must be answered with, worked out from a plain list of all
 * events: by looking at each, and by walking through them.
 */
final class RecordModel {
  /** A period of a tag. */
  static final class Period {
    final String repository;
    final String tag;
    final String digest;
    final EventEntry from;
    Optional<EventEntry> until = Optional.empty();

    Period(String repository, String tag, String digest, EventEntry from) {
      this.repository = repository;
      this.tag = tag;
      this.digest = digest;
      this.from = from;
    }

    private boolean overlaps(long after, long through) {
      return from.position() <= through && until.filter(end -> end.position() <= after).isEmpty();
    }
  }

  /** What there is of a digest: {@code repository kind} to the tags there, and the stores. */
  record State(Map<String, TreeSet<String>> places, TreeSet<String> sweeps) {}

  private final List<EventEntry> events;
  private final List<Period> periods = new ArrayList<>();

  RecordModel(List<EventEntry> events) {
    this.events = events;
    Map<String, Period> open = new HashMap<>();
    for (EventEntry event : events) {
      if (event.type().equals("ManifestDeleted")) {
        // Its tags went with it; an event each says so later.
        String repository = event.repository().orElseThrow();
        String digest = text(event, "digest");
        for (Period period : List.copyOf(open.values())) {
          if (period.repository.equals(repository) && period.digest.equals(digest)) {
            period.until = Optional.of(event);
            open.remove(repository + ":" + period.tag);
          }
        }
      }
      if (event.type().equals("TagMoved") || event.type().equals("TagDeleted")) {
        String repository = event.repository().orElseThrow();
        String tag = text(event, "tag");
        Period ended = open.remove(repository + ":" + tag);
        if (ended != null) {
          ended.until = Optional.of(event);
        }
        if (event.type().equals("TagMoved")) {
          Period begun = new Period(repository, tag, text(event, "digest"), event);
          open.put(repository + ":" + tag, begun);
          periods.add(begun);
        }
      }
    }
  }

  private static String text(EventEntry event, String field) {
    return event.data().get(field).asText();
  }

  /** The events that are meant, in order. */
  List<EventEntry> filtered(EventFilter filter, long after, long through) {
    return events.stream()
        .filter(event -> event.position() > after && event.position() <= through)
        .filter(event -> matches(event, filter))
        .toList();
  }

  private static boolean matches(EventEntry event, EventFilter filter) {
    return (filter.types().isEmpty() || filter.types().contains(event.type()))
        && filter.actor().filter(name -> !event.actor().equals(Optional.of(name))).isEmpty()
        && filter
            .repository()
            .filter(
                glob ->
                    event
                        .repository()
                        .filter(name -> glob.matches(RepositoryName.parse(name)))
                        .isEmpty())
            .isEmpty()
        && filter
            .cause()
            .filter(c -> !event.cause().get("kind").asText().equals(c.name()))
            .isEmpty()
        && filter.digest().filter(digest -> !speaksOf(event, digest)).isEmpty()
        && filter.tag().filter(tag -> !tagged(event, tag.toString())).isEmpty();
  }

  /** Wherever it stands. */
  private static boolean speaksOf(EventEntry event, Digest digest) {
    return event.data().toString().contains('"' + digest.toString() + '"');
  }

  private static boolean tagged(EventEntry event, String glob) {
    List<String> tags = new ArrayList<>(event.data().findValuesAsText("tag"));
    JsonNode several = event.data().get("tags");
    if (several != null) {
      several.forEach(one -> tags.add(one.asText()));
    }
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    return tags.stream().anyMatch(tag -> matcher.matches(Path.of(tag)));
  }

  /** The periods of a digest, in the order in which they began. */
  List<Period> of(Digest digest) {
    return periods.stream().filter(period -> period.digest.equals(digest.toString())).toList();
  }

  /** The periods of a repository between two positions, by tag and then from the oldest. */
  List<Period> overlapping(String repository, long after, long through) {
    Map<String, List<Period>> byTag = new TreeMap<>();
    for (Period period : periods) {
      if (period.repository.equals(repository) && period.overlaps(after, through)) {
        byTag.computeIfAbsent(period.tag, _ -> new ArrayList<>()).add(period);
      }
    }
    return byTag.values().stream().flatMap(List::stream).toList();
  }

  State state(Digest digest) {
    State state = new State(new TreeMap<>(), new TreeSet<>());
    for (EventEntry event : events) {
      JsonNode named = event.data().get("digest");
      if (named == null || !named.asText().equals(digest.toString())) {
        continue;
      }
      String manifest = event.repository().orElse("") + " MANIFEST";
      String blob = event.repository().orElse("") + " BLOB";
      switch (event.type()) {
        case "ManifestPut" -> state.places.putIfAbsent(manifest, new TreeSet<>());
        case "ManifestDeleted", "ManifestCollected" -> state.places.remove(manifest);
        case "BlobUploaded", "BlobMounted" -> state.places.putIfAbsent(blob, new TreeSet<>());
        case "BlobDeleted", "BlobUnlinked" -> state.places.remove(blob);
        case "BlobSwept" -> state.sweeps.add(text(event, "store") + " " + event.position());
        default -> {}
      }
    }
    // A store is told of once, with the last time.
    while (state.sweeps.size() > 1) {
      String first = state.sweeps.first();
      String second = state.sweeps.higher(first);
      boolean earlier =
          Long.parseLong(first.substring(first.indexOf(' ') + 1))
              < Long.parseLong(second.substring(second.indexOf(' ') + 1));
      state.sweeps.remove(earlier ? first : second);
    }
    for (Period period : of(digest)) {
      if (period.until.isEmpty()) {
        state.places.get(period.repository + " MANIFEST").add(period.tag);
      }
    }
    return state;
  }
}
