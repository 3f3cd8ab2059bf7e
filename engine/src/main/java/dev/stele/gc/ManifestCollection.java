package dev.stele.gc;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Listers;
import dev.stele.projection.ProjectionRunner;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects manifests past grace, which may keep each other alive: so for each repository it plans
 * which can go and in which order. Used by one thread.
 */
final class ManifestCollection {
  private static final Logger logger = LoggerFactory.getLogger(ManifestCollection.class);

  /** The most manifests in a plan at first: some tens of megabytes. */
  private static final int PLAN = 50_000;

  /** The most manifests in a plan of such that keep each other alive. */
  private static final int LARGEST_PLAN = 16 * PLAN;

  /** How often a collection plans anew for a repository in which others are at work. */
  private static final int MOST_OVERTAKEN = 20;

  private final Jdbi jdbi;
  private final Batches batches;
  private final Grace grace;
  private final ProjectionRunner reachability;
  private final Runnable catchUp;
  private final Consumer<Tally> note;

  /** How large plans are at first; only tests change it. */
  volatile int plan = PLAN;

  /**
   * @param catchUp brings the view of what nobody can reach up to where the log is
   * @param note is told what went
   */
  ManifestCollection(
      Jdbi jdbi,
      Batches batches,
      Grace grace,
      ProjectionRunner reachability,
      Runnable catchUp,
      Consumer<Tally> note) {
    this.jdbi = jdbi;
    this.batches = batches;
    this.grace = grace;
    this.reachability = reachability;
    this.catchUp = catchUp;
    this.note = note;
  }

  /** Collects those of all repositories. */
  void collect(String requestId) {
    Instant latest = grace.cutoff();
    for (RepositoryName repository :
        jdbi.withHandle(handle -> Unreachable.repositoriesWithManifests(handle, latest))) {
      collect(requestId, repository);
    }
  }

  /**
   * Plan after plan, so that memory does not grow with what waits. Where a whole plan has nothing
   * that can go, they all are kept alive by others that wait, as in a cycle that is larger: then
   * the next is.
   */
  private void collect(String requestId, RepositoryName repository) {
    int most = plan;
    for (int overtaken = 0; !batches.closed() && overtaken < MOST_OVERTAKEN; ) {
      switch (collect(requestId, repository, most)) {
        case ALL -> {
          return;
        }
        case SOME -> most = plan;
        case NOTHING -> {
          if (most >= LARGEST_PLAN) {
            logger.warn(
                "of {} nothing can be collected: more than {} manifests keep each other alive",
                repository,
                most);
            return;
          }
          most = Math.min(2 * most, LARGEST_PLAN);
        }
        case OVERTAKEN -> overtaken++;
      }
      catchUp.run();
    }
  }

  /** What became of a plan. */
  private enum Planned {
    /** There is no more to be planned for now. */
    ALL,
    SOME,
    /** There is more, and nothing of this went. */
    NOTHING,
    /** Something happened that the plan did not know. */
    OVERTAKEN
  }

  private Planned collect(String requestId, RepositoryName repository, int most) {
    // First of all: a policy that the view takes in from here on may ask for a longer delay.
    long known = reachability.nextPosition();
    Duration least = jdbi.withHandle(grace::ofManifests);
    Instant cutoff = grace.now().minus(least);
    Unreachable.Manifests found =
        jdbi.withHandle(handle -> Unreachable.manifests(handle, repository, cutoff, most));
    List<Digest> going = found.rows().stream().map(Unreachable.Row::digest).toList();
    int gone = 0;
    for (LivenessGraph.Batch batch : LivenessGraph.batches(going, found.edges(), Batches.MOST)) {
      jdbi.useHandle(handle -> Listers.readAhead(handle, repository));
      CollectManifests.Result result =
          batches.submit(
              new CollectManifests(batches.initiator(requestId), repository, batch, least, known));
      note.accept(Tally.ofManifests(result.gone()));
      if (result.overtaken()) {
        return Planned.OVERTAKEN;
      }
      gone += result.gone();
      // Of a cycle the next part is decided by what happens from there on.
      known = batch.ofCycle() ? result.known() : known;
    }
    return found.all() ? Planned.ALL : gone > 0 ? Planned.SOME : Planned.NOTHING;
  }
}
