package dev.stele.registry;

import dev.stele.event.ActorId;
import dev.stele.event.Identity;
import dev.stele.event.Opening;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Whoever the record knows to have acted, and how to forget them: what they did stays, and that it
 * was one and the same, but not who, nor from where. Thread-safe.
 */
public final class People {
  private static final int AT_ONCE = 1_000;

  private final Jdbi jdbi;
  private final Actors actors;
  private final Commands commands;
  private final Runnable recordCounted;

  /**
   * @param recordCounted records what this node has counted of people and not recorded yet
   */
  People(Jdbi jdbi, Actors actors, Commands commands, Runnable recordCounted) {
    this.jdbi = jdbi;
    this.actors = actors;
    this.commands = commands;
    this.recordCounted = recordCounted;
  }

  /**
   * Somebody who acted.
   *
   * @param name as they are looked for
   * @param identity {@link Identity#ALTERED} if what is kept of them is not what the log has
   */
  public record Known(ActorId id, String name, Identity identity) {}

  /** The last of a page, after which the next begins. */
  public record After(String name, ActorId id) {
    /** As {@code id/name}. */
    @Override
    public String toString() {
      return id.value() + "/" + name;
    }
  }

  /**
   * At most {@code limit} of them by name, in byte order; those who were forgotten are not among
   * them.
   *
   * @param name only those who are called that; there can be several, of other kinds or issuers
   */
  public Page<Known> list(Optional<String> name, Optional<After> after, int limit) {
    return Page.of(
        Availability.read(
            jdbi,
            handle ->
                handle
                    .createQuery(
                        """
                        SELECT id, opening, name FROM actor
                        WHERE name IS NOT NULL AND (name, id) > (:afterName, :afterId)
                          AND (:name::text IS NULL OR name = :name)
                        ORDER BY name, id
                        LIMIT :limit
                        """)
                    .bind("afterName", after.map(After::name).orElse(""))
                    .bind("afterId", after.map(last -> last.id().value()).orElse(new UUID(0, 0)))
                    .bind("name", name)
                    .bind("limit", limit + 1)
                    .map(
                        (row, _) ->
                            known(
                                row.getObject("id", UUID.class),
                                row.getString("name"),
                                row.getString("opening")))
                    .list()),
        limit);
  }

  private static Known known(UUID id, String name, String opening) {
    return new Known(
        new ActorId(id),
        name,
        Opening.kept(id, opening).flatMap(Opening::identity).orElse(Identity.ALTERED));
  }

  /**
   * Forgets somebody. An event says that it was done, and by whom. Should they come again, they are
   * somebody else to the record, after a minute at most.
   *
   * @return false if there is nobody of this id; true also if they were forgotten before
   * @throws IllegalArgumentException if it is a part of the registry, or whoever did not sign in,
   *     and so no person; if it is whoever asks, or has placed holds that are in force, or approved
   *     of what is not done; or if what is kept of them is not what the log has
   */
  public boolean forget(Caller caller, ActorId id) {
    List<Optional<String>> rows =
        Availability.read(
            jdbi,
            handle ->
                handle
                    .createQuery("SELECT opening FROM actor WHERE id = :id")
                    .bind("id", id.value())
                    .map((row, _) -> Optional.ofNullable(row.getString("opening")))
                    .list());
    if (rows.isEmpty() || rows.getFirst().isEmpty()) {
      return !rows.isEmpty();
    }
    Opening opening =
        Opening.kept(id.value(), rows.getFirst().get())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "what is kept of them is not what the log has; stele fsck says more"));
    if (opening.identity().filter(People::isNoPerson).isPresent()) {
      throw new IllegalArgumentException("that is no person, and so is not forgotten");
    }
    // Or it would come afterwards, and be somebody new's.
    recordCounted.run();
    switch (commands.append(
        caller, new ForgetActor(actors.initiator(caller), opening.commitment()))) {
      case SELF ->
          throw new IllegalArgumentException(
              "nobody forgets themselves: somebody else must, whom the record then names");
      case HOLDS ->
          throw new IllegalArgumentException(
              "they placed holds that are in force: release these first");
      case APPROVALS ->
          throw new IllegalArgumentException(
              "they approved of what waits for others: forget them when that is done, or a day"
                  + " after they approved");
      case DONE -> {}
    }
    actors.forget();
    while (clear()) {
      // what is left of them
    }
    return true;
  }

  private static boolean isNoPerson(Identity identity) {
    return identity.kind() == Identity.Kind.SYSTEM || identity.kind() == Identity.Kind.ANONYMOUS;
  }

  /**
   * Gives up where people were who are forgotten: what a node did not know of when it forgot them.
   * Returns whether there may be more.
   */
  boolean clear() {
    return Availability.read(jdbi, People::clear) == AT_ONCE;
  }

  private static int clear(Handle handle) {
    return handle
        .createUpdate(
            """
            DELETE FROM origin
            WHERE id IN (
              SELECT o.id FROM actor a JOIN origin o ON o.actor_id = a.id
              WHERE a.forgotten_position IS NOT NULL
              LIMIT :limit)
            """)
        .bind("limit", AT_ONCE)
        .execute();
  }
}
