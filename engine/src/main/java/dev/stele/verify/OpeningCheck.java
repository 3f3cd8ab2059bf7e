package dev.stele.verify;

import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Identity;
import dev.stele.event.Opening;
import dev.stele.event.RecordedEvent;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Holds what is kept of those who act against what the leaves commit to: nobody's name can be
 * exchanged, and nobody be forgotten without an event that says so. Each finding is made once.
 */
final class OpeningCheck {
  private static final int MOST_REMEMBERED = 100_000;

  private final EventCodec codec;
  private final Consumer<Finding> findings;

  /** What was found before, so that it is not told of each event. */
  private final Map<Commitment, Boolean> told =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Commitment, Boolean> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  OpeningCheck(EventCodec codec, Consumer<Finding> findings) {
    this.codec = codec;
    this.findings = findings;
  }

  /** What is kept under the first half of a commitment. */
  private record Kept(Optional<String> opening, Optional<String> name, Optional<Long> forgotten) {}

  /** Checks what some events commit to. */
  void check(Handle handle, List<RecordedEvent> events) {
    Map<UUID, Kept> actors = actors(handle, ids(events, event -> event.by().identity()));
    Map<UUID, Kept> origins =
        origins(handle, ids(events, event -> event.by().origin().orElse(null)));
    for (RecordedEvent event : events) {
      Commitment identity = event.by().identity();
      Optional<Kept> kept = Optional.ofNullable(actors.get(id(identity)));
      if (!told.containsKey(identity)) {
        actor(handle, identity, kept).ifPresent(why -> tell(identity, event, "who acted", why));
      }
      boolean forgotten = kept.flatMap(Kept::forgotten).isPresent();
      event
          .by()
          .origin()
          .filter(origin -> !told.containsKey(origin))
          .ifPresent(
              origin ->
                  origin(origin, Optional.ofNullable(origins.get(id(origin))), forgotten)
                      .ifPresent(why -> tell(origin, event, "from where", why)));
    }
  }

  private void tell(Commitment commitment, RecordedEvent event, String what, String why) {
    told.put(commitment, true);
    findings.accept(new Finding.OpeningBroken(event.position(), what, why));
  }

  private Optional<String> actor(Handle handle, Commitment identity, Optional<Kept> kept) {
    if (kept.isEmpty()) {
      return Optional.of("nothing is kept of it, and the log does not say that it was forgotten");
    }
    Optional<Long> forgotten = kept.get().forgotten();
    if (forgotten.isPresent()) {
      return saysForgotten(handle, forgotten.get(), identity)
          ? Optional.empty()
          : Optional.of(
              "it is marked as forgotten by event %d, which does not say so"
                  .formatted(forgotten.get()));
    }
    Optional<Identity> opened =
        kept.get()
            .opening()
            .flatMap(text -> new Opening(text).ifOpens(identity.hex()))
            .flatMap(Opening::identity);
    if (opened.isEmpty()) {
      return Optional.of("what is kept of it is not what the event has");
    }
    return opened.map(Identity::name).equals(kept.get().name())
        ? Optional.empty()
        : Optional.of(
            "it is looked for as %s, but is %s"
                .formatted(kept.get().name().orElse(""), opened.get().name()));
  }

  private static Optional<String> origin(
      Commitment origin, Optional<Kept> kept, boolean forgotten) {
    if (kept.isEmpty()) {
      return forgotten
          ? Optional.empty()
          : Optional.of("nothing is kept of it, and whoever acted was not forgotten");
    }
    return kept.get()
            .opening()
            .flatMap(text -> new Opening(text).ifOpens(origin.hex()))
            .flatMap(Opening::origin)
            .isPresent()
        ? Optional.empty()
        : Optional.of("what is kept of it is not what the event has");
  }

  private boolean saysForgotten(Handle handle, long position, Commitment identity) {
    return handle
        .createQuery("SELECT leaf FROM event WHERE position = :position")
        .bind("position", position)
        .mapTo(byte[].class)
        .findOne()
        .map(leaf -> codec.decode(leaf).event())
        .equals(Optional.of(new Event.ActorForgotten(identity)));
  }

  private static UUID id(Commitment commitment) {
    return ActorId.of(commitment).value();
  }

  private static Collection<UUID> ids(
      List<RecordedEvent> events, Function<RecordedEvent, Commitment> which) {
    return events.stream()
        .map(which)
        .filter(Objects::nonNull)
        .map(OpeningCheck::id)
        .distinct()
        .toList();
  }

  private static Map<UUID, Kept> actors(Handle handle, Collection<UUID> ids) {
    Map<UUID, Kept> kept = new HashMap<>();
    handle
        .createQuery(
            "SELECT id, opening, name, forgotten_position FROM actor WHERE id = ANY (:ids)")
        .bindArray("ids", UUID.class, ids)
        .map(
            (row, _) ->
                kept.put(
                    row.getObject("id", UUID.class),
                    new Kept(
                        Optional.ofNullable(row.getString("opening")),
                        Optional.ofNullable(row.getString("name")),
                        Optional.ofNullable(row.getObject("forgotten_position", Long.class)))))
        .list();
    return kept;
  }

  private static Map<UUID, Kept> origins(Handle handle, Collection<UUID> ids) {
    Map<UUID, Kept> kept = new HashMap<>();
    handle
        .createQuery("SELECT id, opening FROM origin WHERE id = ANY (:ids)")
        .bindArray("ids", UUID.class, ids)
        .map(
            (row, _) ->
                kept.put(
                    row.getObject("id", UUID.class),
                    new Kept(
                        Optional.of(row.getString("opening")), Optional.empty(), Optional.empty())))
        .list();
    return kept;
  }
}
