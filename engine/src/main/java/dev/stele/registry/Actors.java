package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.Identity;
import dev.stele.event.Initiator;
import dev.stele.event.Opening;
import dev.stele.event.Origin;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * What leaves commit to of those who act. The openings are kept beside the log, durable before an
 * event refers to them, so that a person can be forgotten. Thread-safe.
 */
final class Actors {
  /** For how long a forgotten person may go on under the same commitment. */
  private static final Duration REMEMBERED = Duration.ofMinutes(1);

  private final Jdbi jdbi;
  private final Cache<Identity, Commitment> identities =
      Caffeine.newBuilder().maximumSize(10_000).expireAfterWrite(REMEMBERED).build();
  private final Cache<From, Commitment> origins =
      Caffeine.newBuilder().maximumSize(10_000).expireAfterWrite(Duration.ofHours(1)).build();

  /** Origins are one person's, so that they go with the person. */
  private record From(Commitment identity, Origin origin) {}

  Actors(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** How events name whoever asks, who becomes known with this call if need be. */
  Initiator initiator(Caller caller) {
    return initiator(caller.identity(), caller.origin(), caller.requestId());
  }

  /** Asks the database again about everybody. */
  void forget() {
    identities.invalidateAll();
    origins.invalidateAll();
  }

  /** How events name a part of the registry that acts by itself. */
  Initiator system(String name, String requestId) {
    return initiator(Identity.system(name), Origin.NONE, requestId);
  }

  Initiator initiator(Identity identity, Origin origin, String requestId) {
    Commitment who = cached(identities, identity, this::identity);
    return new Initiator(
        who,
        origin.equals(Origin.NONE)
            ? Optional.empty()
            : Optional.of(cached(origins, new From(who, origin), this::origin)),
        requestId);
  }

  /** Not while the cache computes, since others would wait for the database with this one. */
  private static <K> Commitment cached(
      Cache<K, Commitment> cache, K key, Function<K, Commitment> find) {
    Commitment known = cache.getIfPresent(key);
    if (known == null) {
      known = find.apply(key);
      cache.put(key, known);
    }
    return known;
  }

  private Commitment identity(Identity identity) {
    return Availability.read(
        jdbi,
        handle ->
            find(handle, identity)
                .orElseGet(() -> handle.inTransaction(inside -> learn(inside, identity))));
  }

  /** A row that was altered does not count: whoever is called that gets a new one. */
  private static Optional<Commitment> find(Handle handle, Identity identity) {
    return handle
        .createQuery("SELECT id, opening FROM actor WHERE name = :name ORDER BY id")
        .bind("name", identity.name())
        .map(
            (row, _) ->
                Opening.kept(row.getObject("id", UUID.class), row.getString("opening"))
                    .filter(opening -> opening.identity().filter(identity::equals).isPresent())
                    .map(Opening::commitment))
        .stream()
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Commitment learn(Handle handle, Identity identity) {
    // Two nodes must not give the same person two ids.
    handle
        .createQuery("SELECT pg_advisory_xact_lock(hashtextextended('stele.actor', 0))")
        .mapTo(String.class)
        .findOne();
    Optional<Commitment> meanwhile = find(handle, identity);
    if (meanwhile.isPresent()) {
      return meanwhile.get();
    }
    Opening opening = Opening.of(identity);
    handle
        .createUpdate(
            "INSERT INTO actor (id, opening, name) VALUES (:id, :opening, :name) ON CONFLICT DO"
                + " NOTHING")
        .bind("id", ActorId.of(opening.commitment()).value())
        .bind("opening", opening.text())
        .bind("name", identity.name())
        .execute();
    return opening.commitment();
  }

  private Commitment origin(From from) {
    Opening opening = Opening.of(from.origin());
    return Availability.read(
        jdbi,
        handle -> {
          handle
              .createUpdate(
                  """
                  INSERT INTO origin (id, actor_id, opening) VALUES (:id, :actor, :opening) ON CONFLICT DO NOTHING
                  """)
              .bind("id", ActorId.of(opening.commitment()).value())
              .bind("actor", ActorId.of(from.identity()).value())
              .bind("opening", opening.text())
              .execute();
          return opening.commitment();
        });
  }
}
