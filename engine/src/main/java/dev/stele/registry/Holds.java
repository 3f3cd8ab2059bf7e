package dev.stele.registry;

import dev.stele.oci.RepositoryName;
import dev.stele.policy.HoldScope;
import dev.stele.projection.Approval;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import dev.stele.projection.RepositoryView;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Holds: what nobody may remove, neither clients nor retention nor the collector, until the hold is
 * released by an event of its own. They outrank every rule. Thread-safe.
 */
public final class Holds {
  private static final int PAGE = 1_000;
  private static final int MOST_PAGES = 20;

  private final Jdbi jdbi;
  private final Actors actors;
  private final Commands commands;

  Holds(Jdbi jdbi, Actors actors, Commands commands) {
    this.jdbi = jdbi;
    this.actors = actors;
    this.commands = commands;
  }

  /**
   * Places a hold. It may cover what is not there yet, too. A tag is held with what it points to at
   * any time; so with {@code freeze} unset it may still move away from that.
   *
   * @return whether it was new; false if the same hold had been placed before
   */
  public Outcome<Boolean> place(Caller caller, NewHold hold) {
    return commands.append(caller, new PlaceHold(actors.initiator(caller), hold));
  }

  /**
   * Releases a hold, or asks for that. What only it kept has a whole grace period from its release.
   * One that had been released before stays as it was.
   *
   * @param others how many persons other than placed it must ask, within {@link Approval#LASTS};
   *     whoever completes their number releases it. 0: whoever asks does, also if it is theirs
   * @param reason see {@link NewHold#checkReason}
   * @return what is still waited for; empty if the hold is released
   * @throws IllegalArgumentException if the reason is none
   */
  public Outcome<Optional<Approval>> release(Caller caller, UUID id, int others, String reason) {
    NewHold.checkReason(reason);
    return commands.append(
        caller, new ReleaseHold(actors.initiator(caller), caller.identity(), others, id, reason));
  }

  /** A hold by its id, active or not. */
  public Outcome<Hold> find(UUID id) {
    return Availability.read(jdbi, handle -> HoldView.find(handle, id))
        .map(Outcome::ok)
        .orElseGet(() -> Outcome.refused(new Refusal.UnknownHold(id)));
  }

  /**
   * At most {@code limit} holds, newest first.
   *
   * @param released whether also those that were released
   * @param before only those that were placed before this position
   */
  public Page<Hold> list(boolean released, Optional<Long> before, int limit) {
    return Page.of(
        Availability.read(
            jdbi,
            handle -> HoldView.list(handle, released, before.orElse(Long.MAX_VALUE), limit + 1)),
        limit);
  }

  /**
   * Whether there is anything now that a scope covers: a hold on what is not there may be meant so,
   * or be a slip. Of a glob that means very many repositories, true without a look at all of them.
   */
  public boolean covers(HoldScope scope) {
    return Availability.read(
        jdbi,
        handle -> {
          if (scope.oneRepository().isPresent()) {
            return has(handle, scope, List.of(scope.oneRepository().get()));
          }
          Optional<String> after = Optional.empty();
          for (int page = 0; page < MOST_PAGES; page++) {
            List<RepositoryName> names = RepositoryView.list(handle, after, PAGE);
            List<RepositoryName> meant =
                names.stream().filter(scope.repositories()::matches).toList();
            if (!meant.isEmpty() && has(handle, scope, meant)) {
              return true;
            }
            if (names.size() < PAGE) {
              return false;
            }
            after = Optional.of(names.getLast().value());
          }
          return true;
        });
  }

  private static boolean has(Handle handle, HoldScope scope, List<RepositoryName> repositories) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (
              SELECT FROM unnest(:names::text[]) AS wanted (name)
              JOIN repository r ON r.name = wanted.name
              WHERE (:tag::text IS NULL
                     OR EXISTS (SELECT FROM tag t WHERE t.repository = r.name AND t.name = :tag))
                AND (:digest::bytea IS NULL
                     OR EXISTS (SELECT FROM manifest m WHERE m.repository = r.name AND m.digest = :digest)
                     OR EXISTS (SELECT FROM blob_link b WHERE b.repository = r.name AND b.digest = :digest)))
            """)
        .bindArray("names", RepositoryName.class, repositories)
        .bind("tag", scope.tag())
        .bind("digest", scope.digest())
        .mapTo(Boolean.class)
        .one();
  }
}
