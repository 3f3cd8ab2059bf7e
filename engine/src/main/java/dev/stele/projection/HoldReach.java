package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * How holds change what is reached. Those of repositories and of digests are roots; one of a tag is
 * not, since what the tag points to is a root anyway. Costs what the hold covers.
 */
final class HoldReach {
  private final Handle transaction;
  private final RecordedEvent event;

  HoldReach(Handle transaction, RecordedEvent event) {
    this.transaction = transaction;
    this.event = event;
  }

  /** A hold begins. */
  void place(Event.HoldPlaced placed) {
    if (placed.tag().isPresent()) {
      return;
    }
    String repositories = HoldView.repositories(placed.repository(), placed.repositories());
    transaction
        .createUpdate(
            """
            INSERT INTO reach_hold (hold, repositories, digest) VALUES (:hold, :repositories, :digest)
            """)
        .bind("hold", placed.hold())
        .bind("repositories", repositories)
        .bind("digest", text(placed.digest()))
        .execute();
    List<RepositoryName> covered = covered(placed.repository(), repositories);
    transaction
        .createUpdate(
            """
            INSERT INTO reach_held (repository, digest, hold)
            SELECT repository, :digest, :hold FROM unnest(:repositories::text[]) AS r (repository)
            """)
        .bind("hold", placed.hold())
        .bind("digest", text(placed.digest()))
        .bindArray(
            "repositories", String.class, covered.stream().map(RepositoryName::value).toList())
        .execute();
    for (RepositoryName repository : covered) {
      new RepositoryReach(transaction, event, repository).hold(placed.digest());
    }
  }

  private List<RepositoryName> covered(Optional<RepositoryName> one, String repositories) {
    RepositoryGlob glob = RepositoryGlob.parse(repositories);
    return transaction
        .createQuery(
            """
            SELECT name FROM reach_repository WHERE :one::text IS NULL OR name = :one ORDER BY name
            """)
        .bind("one", one.map(RepositoryName::value))
        .map((row, _) -> RepositoryName.parse(row.getString("name")))
        .filter(glob::matches)
        .list();
  }

  /** A hold ends. */
  void release(Event.HoldReleased released) {
    List<RepositoryName> covered =
        transaction
            .createQuery(
                """
                WITH forgotten AS (DELETE FROM reach_hold WHERE hold = :hold)
                DELETE FROM reach_held WHERE hold = :hold RETURNING repository
                """)
            .bind("hold", released.hold())
            .map((row, _) -> RepositoryName.parse(row.getString("repository")))
            .list();
    for (RepositoryName repository : covered) {
      new RepositoryReach(transaction, event, repository).release(released.digest());
    }
  }

  /** A repository came to be, which holds may have been waiting for. */
  static void cover(Handle transaction, RepositoryName repository) {
    record Waiting(UUID hold, RepositoryGlob repositories, String digest) {}
    List<Waiting> holds =
        transaction
            .createQuery("SELECT hold, repositories, digest FROM reach_hold")
            .map(
                (row, _) ->
                    new Waiting(
                        row.getObject("hold", UUID.class),
                        RepositoryGlob.parse(row.getString("repositories")),
                        row.getString("digest")))
            .filter(hold -> hold.repositories().matches(repository))
            .list();
    for (Waiting hold : holds) {
      transaction
          .createUpdate(
              """
              INSERT INTO reach_held (repository, digest, hold) VALUES (:repository, :digest, :hold)
              """)
          .bind("repository", repository.value())
          .bind("digest", hold.digest())
          .bind("hold", hold.hold())
          .execute();
    }
  }

  private static String text(Optional<Digest> digest) {
    return digest.map(Digest::toString).orElse("");
  }
}
