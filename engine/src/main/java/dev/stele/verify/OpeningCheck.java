package dev.stele.verify;

import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.CorruptLeafException;
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
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Holds what is kept of those who act against what the leaves commit to: nobody's name can be
 * exchanged, and nobody be forgotten without an event that says so. Each finding is made once.
 */
final class OpeningCheck {
  private static final int MOST_REMEMBERED = 100_000;

  private final EventCodec codec;
  private final Consumer<Finding> findings;

  /** What was looked at before, so that it is neither told nor asked of each event. */
  private final Map<Commitment, Boolean> seen =
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

  /**
   * What is kept under the first half of a commitment.
   *
   * @param actor of an origin: whose it is
   */
  private record Kept(
      Optional<String> opening,
      Optional<String> name,
      Optional<Long> forgotten,
      Optional<UUID> actor) {}

  /** Checks what some events commit to. */
  void check(Handle handle, List<RecordedEvent> events) {
    Map<UUID, Kept> actors = actors(handle, ids(events, OpeningCheck::identities));
    Map<UUID, Kept> origins = origins(handle, ids(events, event -> event.by().origin().stream()));
    for (RecordedEvent event : events) {
      identities(event)
          .filter(identity -> seen.put(identity, true) == null)
          .forEach(
              identity ->
                  actor(handle, identity, kept(actors, identity))
                      .ifPresent(why -> tell(event, "somebody whom it names", why)));
      Commitment actor = event.by().identity();
      boolean forgotten = kept(actors, actor).flatMap(Kept::forgotten).isPresent();
      event
          .by()
          .origin()
          .filter(origin -> seen.put(origin, true) == null)
          .flatMap(origin -> origin(origin, kept(origins, origin), actor, forgotten))
          .ifPresent(why -> tell(event, "from where", why));
    }
  }

  /** Who acted, and the user whom it is about. */
  private static Stream<Commitment> identities(RecordedEvent event) {
    Stream<Commitment> actor = Stream.of(event.by().identity());
    if (event.event() instanceof Event.UserChanged changed) {
      return Stream.concat(actor, Stream.of(changed.user()));
    }
    return event.event() instanceof Event.SessionEnded ended
        ? Stream.concat(actor, Stream.of(ended.user()))
        : actor;
  }

  private static Optional<Kept> kept(Map<UUID, Kept> all, Commitment commitment) {
    return Optional.ofNullable(all.get(id(commitment)));
  }

  private void tell(RecordedEvent event, String what, String why) {
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
      Commitment origin, Optional<Kept> kept, Commitment actor, boolean forgotten) {
    if (kept.isEmpty()) {
      return forgotten
          ? Optional.empty()
          : Optional.of("nothing is kept of it, and whoever acted was not forgotten");
    }
    if (!kept.get().actor().equals(Optional.of(id(actor)))) {
      return Optional.of("it is kept as another's, with whom it would be forgotten");
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
    Optional<byte[]> leaf =
        handle
            .createQuery("SELECT leaf FROM event WHERE position = :position")
            .bind("position", position)
            .mapTo(byte[].class)
            .findOne();
    try {
      return leaf.map(bytes -> codec.decode(bytes).event())
          .equals(Optional.of(new Event.ActorForgotten(identity)));
    } catch (CorruptLeafException e) {
      return false; // which is a finding of its own
    }
  }

  private static UUID id(Commitment commitment) {
    return ActorId.of(commitment).value();
  }

  private static Collection<UUID> ids(
      List<RecordedEvent> events, Function<RecordedEvent, Stream<Commitment>> which) {
    return events.stream().flatMap(which).map(OpeningCheck::id).distinct().toList();
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
                        Optional.ofNullable(row.getObject("forgotten_position", Long.class)),
                        Optional.empty())))
        .list();
    return kept;
  }

  private static Map<UUID, Kept> origins(Handle handle, Collection<UUID> ids) {
    Map<UUID, Kept> kept = new HashMap<>();
    handle
        .createQuery("SELECT id, actor_id, opening FROM origin WHERE id = ANY (:ids)")
        .bindArray("ids", UUID.class, ids)
        .map(
            (row, _) ->
                kept.put(
                    row.getObject("id", UUID.class),
                    new Kept(
                        Optional.of(row.getString("opening")),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(row.getObject("actor_id", UUID.class)))))
        .list();
    return kept;
  }
}
