package dev.stele.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.ActorId;
import java.time.Duration;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Names of actors to the random ids that the log carries. The names are kept beside the log, so
 * that a person can be forgotten. Thread-safe.
 */
final class Actors {
  private final Jdbi jdbi;
  private final Cache<String, ActorId> ids =
      Caffeine.newBuilder().maximumSize(10_000).expireAfterWrite(Duration.ofMinutes(1)).build();

  Actors(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** The id of an actor, who becomes known with this call if need be. */
  ActorId id(String name) {
    ActorId known = ids.getIfPresent(name);
    if (known == null) {
      known = find(name);
      ids.put(name, known);
    }
    return known;
  }

  private ActorId find(String name) {
    return new ActorId(
        Availability.read(
            jdbi,
            handle ->
                handle
                    .createQuery("SELECT id FROM actor WHERE name = :name")
                    .bind("name", name)
                    .mapTo(UUID.class)
                    .findOne()
                    .orElseGet(
                        () -> {
                          handle
                              .createUpdate(
                                  """
                                  INSERT INTO actor (id, name) VALUES (:id, :name) ON CONFLICT (name) DO NOTHING
                                  """)
                              .bind("id", ActorId.random().value())
                              .bind("name", name)
                              .execute();
                          return handle
                              .createQuery("SELECT id FROM actor WHERE name = :name")
                              .bind("name", name)
                              .mapTo(UUID.class)
                              .one();
                        })));
  }
}
