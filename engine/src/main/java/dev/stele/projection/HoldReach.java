package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.sql.Values;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * How holds change what is reached. Those of repositories and of digests are roots; one of a tag is
 * not, since what the tag points to is a root anyway. Costs what the hold covers, in parts.
 */
final class HoldReach {
  private HoldReach() {}

  /** A hold begins. */
  static WideChange place(Handle transaction, Event.HoldPlaced placed) {
    String repositories = HoldView.repositories(placed.repository(), placed.repositories());
    RepositoryGlob glob = RepositoryGlob.parse(repositories);
    return new WideChange() {
      @Override
      public void begin() {
        transaction
            .createUpdate(
                """
                INSERT INTO reach_hold (hold, repositories, digest) VALUES (:hold, :repositories, :digest)
                """)
            .bind("hold", placed.hold())
            .bind("repositories", repositories)
            .bind("digest", Values.bytesOrNone(placed.digest()))
            .execute();
      }

      @Override
      public List<RepositoryName> repositories(String after, int limit) {
        return ReachabilityView.repositories(transaction, placed.repository(), after, limit);
      }

      @Override
      public boolean enter(RepositoryReach graph, RepositoryName repository) {
        if (!glob.matches(repository)) {
          return false;
        }
        cover(transaction, placed.hold(), repository, placed.digest());
        return true;
      }

      @Override
      public List<RepositoryReach.Rows> rows() {
        return List.of(RepositoryReach.Rows.MANIFESTS, RepositoryReach.Rows.BLOBS);
      }

      @Override
      public Optional<Digest> only() {
        return placed.digest();
      }

      @Override
      public void change(
          RepositoryReach graph,
          RepositoryName repository,
          RepositoryReach.Rows rows,
          List<Digest> digests) {
        graph.hold(rows, digests);
      }
    };
  }

  /** A hold ends. */
  static WideChange release(Handle transaction, Event.HoldReleased released) {
    return new WideChange() {
      @Override
      public void begin() {
        transaction
            .createUpdate("DELETE FROM reach_hold WHERE hold = :hold")
            .bind("hold", released.hold())
            .execute();
      }

      @Override
      public List<RepositoryName> repositories(String after, int limit) {
        return transaction
            .createQuery(
                """
                SELECT repository FROM reach_held WHERE hold = :hold AND repository > :after
                ORDER BY repository
                LIMIT :limit
                """)
            .bind("hold", released.hold())
            .bind("after", after)
            .bind("limit", limit)
            .mapTo(RepositoryName.class)
            .list();
      }

      @Override
      public boolean enter(RepositoryReach graph, RepositoryName repository) {
        transaction
            .createUpdate("DELETE FROM reach_held WHERE hold = :hold AND repository = :repository")
            .bind("hold", released.hold())
            .bind("repository", repository)
            .execute();
        return true;
      }

      @Override
      public List<RepositoryReach.Rows> rows() {
        return List.of(RepositoryReach.Rows.BLOBS, RepositoryReach.Rows.MANIFESTS);
      }

      @Override
      public Optional<Digest> only() {
        return released.digest();
      }

      @Override
      public void change(
          RepositoryReach graph,
          RepositoryName repository,
          RepositoryReach.Rows rows,
          List<Digest> digests) {
        graph.release(rows, digests);
      }
    };
  }

  /** Repositories came to be, which holds may have been waiting for. */
  static void cover(Handle transaction, Collection<RepositoryName> repositories) {
    record Waiting(UUID hold, RepositoryGlob repositories, Optional<Digest> digest) {}
    List<Waiting> holds =
        transaction
            .createQuery("SELECT hold, repositories, digest FROM reach_hold")
            .map(
                (row, _) ->
                    new Waiting(
                        row.getObject("hold", UUID.class),
                        RepositoryGlob.parse(row.getString("repositories")),
                        Values.digestIfAny(row, "digest")))
            .list();
    for (Waiting hold : holds) {
      for (RepositoryName repository : repositories) {
        if (hold.repositories().matches(repository)) {
          cover(transaction, hold.hold(), repository, hold.digest());
        }
      }
    }
  }

  private static void cover(
      Handle transaction, UUID hold, RepositoryName repository, Optional<Digest> digest) {
    transaction
        .createUpdate(
            """
            INSERT INTO reach_held (repository, digest, hold) VALUES (:repository, :digest, :hold)
            """)
        .bind("repository", repository)
        .bind("digest", Values.bytesOrNone(digest))
        .bind("hold", hold)
        .execute();
  }
}
