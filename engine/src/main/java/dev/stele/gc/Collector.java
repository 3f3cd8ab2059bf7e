package dev.stele.gc;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import dev.stele.blob.BlobStores;
import dev.stele.blob.StoredObject;
import dev.stele.claim.StoreClaims;
import dev.stele.claim.StoreRefusedException;
import dev.stele.event.Initiator;
import dev.stele.event.RecordedEvent;
import dev.stele.log.AppendLane;
import dev.stele.log.ClockWatch;
import dev.stele.log.Foreseen;
import dev.stele.log.LaneUnavailableException;
import dev.stele.log.LogReader;
import dev.stele.log.Outage;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Listers;
import dev.stele.projection.ProjectionRunner;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what has been unreachable for longer than the grace period (and the recycle period):
 * manifests, then the blobs that only they used, then repositories with nothing left; and what
 * crashes and clients left behind in the stores.
 *
 * <p>It reads the reachability view and issues commands in small batches. Each is decided again in
 * the lane, so a view that is behind costs a refusal and never a live object, several collectors
 * may run at once, and pushes do not wait. Thread-safe; in one process one collection runs at a
 * time.
 */
public final class Collector implements AutoCloseable {
  /** Who collects, for the record. A user's name cannot have a colon. */
  public static final String ACTOR = "stele:collector";

  private static final Logger logger = LoggerFactory.getLogger(Collector.class);

  /** A view that does not move for so long has failed. */
  private static final Duration STANDSTILL = Duration.ofSeconds(30);

  private final Jdbi jdbi;
  private final ClockWatch clock;
  private final BlobStores stores;
  private final StoreClaims claims;
  private final ProjectionRunner reachability;
  private final ObjectSweeper sweeper;
  private final GcOptions options;
  private final Promises promises;
  private final Leftovers leftovers;
  private final Grace grace;
  private final Batches batches;
  private final ManifestCollection manifests;

  private volatile boolean besideServers;
  private final ReentrantLock running = new ReentrantLock();
  private volatile Optional<Collection> last = Optional.empty();

  /**
   * @param claims whose the stores are: nothing is collected while one is not ours
   * @param reachability keeps the view up with the log
   * @param initiator in whose name things are collected, by the id of a run
   * @param promises are written before anything is collected
   */
  public Collector(
      Jdbi jdbi,
      AppendLane lane,
      ClockWatch clock,
      LogReader reader,
      BlobStores stores,
      StoreClaims claims,
      ProjectionRunner reachability,
      Function<String, Initiator> initiator,
      Promises promises,
      GcOptions options) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.stores = stores;
    this.claims = claims;
    this.reachability = reachability;
    this.sweeper = new ObjectSweeper(jdbi, reader, stores, claims, options.workers());
    this.promises = promises;
    this.options = options;
    this.grace = new Grace(jdbi, options);
    this.leftovers = new Leftovers(jdbi, options.grace(), () -> grace.seen(options.grace()));
    this.batches = new Batches(lane, initiator, options.pause());
    this.manifests =
        new ManifestCollection(jdbi, batches, grace, reachability, this::catchUp, this::note);
  }

  public GcOptions options() {
    return options;
  }

  /** The collection that runs, or the last one of this process. */
  public Optional<Collection> last() {
    return last;
  }

  /** Brings the view up by some events; returns how many it took in, 0 if it is up. */
  public int follow() {
    List<RecordedEvent> events = reachability.step();
    if (!events.isEmpty()) {
      followed(events);
    }
    return events.size();
  }

  /** Plans manifests; only tests ask for it. */
  ManifestCollection manifests() {
    return manifests;
  }

  /** The view of what nobody can reach. */
  public ProjectionRunner reachability() {
    return reachability;
  }

  /** What the view says of these events has a grace period from now on. */
  public void followed(List<RecordedEvent> events) {
    Leases.start(jdbi, events.getFirst().recordedAt());
  }

  /**
   * Removes from the stores the next objects that the log has given up; returns how many.
   *
   * @throws IOException if some could not be removed; they are tried again next time
   */
  public int sweep() throws IOException {
    return sweeper.step();
  }

  /**
   * Collects once, and returns what that did. If something fails, what was done until then is done,
   * and the result says what failed.
   */
  public Collection run() {
    running.lock();
    try {
      last = Optional.of(Collection.started(Instant.now()));
      Optional<String> failure = Optional.empty();
      try {
        collect("gc-" + UUID.randomUUID());
      } catch (IOException | RuntimeException e) {
        if (batches.closed()) {
          logger.info("a collection ended early, since the registry closes");
        } else {
          Foreseen.line(e)
              .ifPresentOrElse(
                  reason ->
                      logger.warn("a collection ended early; the next one goes on: {}", reason),
                  () -> logger.error("a collection ended early; the next one goes on", e));
        }
        failure = Optional.of(told(e));
      }
      Optional<String> how = failure;
      Collection done = last.orElseThrow().ended(Instant.now(), how);
      last = Optional.of(done);
      log(done);
      return done;
    } finally {
      running.unlock();
    }
  }

  private static final String UNFORESEEN = "it failed unforeseen; the server's log says why";

  /** What anybody may know: the database's messages have the values of statements. */
  private static String told(Exception e) {
    return switch (e) {
      case IOException failure when failure.getMessage() != null -> failure.getMessage();
      case LaneUnavailableException failure -> failure.getMessage();
      case JdbiException failure -> Outage.of(failure).map(Outage::told).orElse(UNFORESEEN);
      default -> UNFORESEEN;
    };
  }

  private static void log(Collection done) {
    Tally tally = done.tally();
    String what =
        "collected {} manifests, {} blobs ({} objects, {} bytes), {} repositories, {} orphans, {}"
            + " uploads";
    Object[] counts = {
      tally.manifests(),
      tally.blobs(),
      tally.objects(),
      tally.bytes(),
      tally.repositories(),
      tally.orphans(),
      tally.uploads()
    };
    if (done.idle()) {
      logger.debug(what, counts);
    } else {
      logger.info(what, counts);
    }
  }

  private void note(Tally more) {
    last = last.map(collection -> collection.plus(more));
  }

  private void collect(String requestId) throws IOException {
    Optional<String> doubt = jdbi.withHandle(clock::look);
    if (doubt.isPresent()) {
      throw new LaneUnavailableException("nothing is collected: " + doubt.get());
    }
    requireOwnStores();
    promises.pay();
    catchUp();
    Leases.start(jdbi, Instant.EPOCH);
    manifests.collect(requestId);
    // Those manifests' blobs have been unreachable just as long.
    catchUp();
    collectBlobs(requestId);
    sweepContent(requestId);
    removeRepositories(requestId);
    removeGivenUp();
    Leases.forget(jdbi, grace.cutoff());
    if (!besideServers && leftovers.due()) {
      clearLeftovers(requestId);
    }
  }

  /**
   * One store that is another's shows that this database may be a wrong one, so then nothing is
   * collected at all. One that cannot be asked only keeps its own objects.
   */
  private void requireOwnStores() throws StoreRefusedException {
    for (BlobStores.Named store : stores.all()) {
      try {
        claims.renew(store);
      } catch (StoreRefusedException e) {
        throw e;
      } catch (IOException e) {
        logger.warn("store {} cannot be asked whose it is now: {}", store.name(), e.getMessage());
      }
    }
  }

  private void removeGivenUp() throws IOException {
    while (!batches.closed() && sweeper.step() > 0) {
      // until all of it is gone
    }
  }

  /** One store that cannot be used must not keep the others from it. */
  private void clearLeftovers(String requestId) throws IOException {
    List<IOException> failures = new ArrayList<>();
    for (BlobStores.Named store : stores.all()) {
      try {
        claims.verify(store);
        Leftovers.Listing listing = leftovers.list(store);
        note(Tally.ofLeftovers(0, leftovers.endAbandonedUploads(listing, store)));
        note(Tally.ofLeftovers(sweepOrphans(requestId, listing), 0));
      } catch (IOException e) {
        failures.add(e);
      }
    }
    removeGivenUp();
    if (!failures.isEmpty()) {
      IOException first = failures.removeFirst();
      failures.forEach(first::addSuppressed);
      throw first;
    }
    leftovers.done();
  }

  /**
   * Leaves upload sessions and unknown objects to the servers of this registry, whose they may be:
   * which session is in use, they alone know.
   */
  public void besideServers() {
    besideServers = true;
  }

  /** Brings the view up to where the log is now. */
  private void catchUp() {
    long head = jdbi.withHandle(LogReader::nextPosition);
    long before = -1;
    for (long next = reachability.nextPosition(); !batches.closed() && next < head; ) {
      // Until the view has taken in what was there when this began. If another node leads, it does.
      if (follow() == 0 && !reachability.await(head - 1, STANDSTILL) && next == before) {
        throw new IllegalStateException(
            "what nobody can reach is known up to event %d of %d and no further; the log of the node that leads says why"
                .formatted(next, head));
      }
      before = next;
      next = reachability.nextPosition();
    }
  }

  private void collectBlobs(String requestId) {
    Instant cutoff = grace.cutoff();
    Unreachable.<Unreachable.Row>pages(
        last -> jdbi.withHandle(handle -> Unreachable.blobs(handle, cutoff, last)),
        page ->
            page.stream()
                .collect(
                    groupingBy(
                        Unreachable.Row::repository, mapping(Unreachable.Row::digest, toList())))
                .forEach((repository, digests) -> collectBlobs(requestId, repository, digests)));
  }

  private void collectBlobs(String requestId, RepositoryName repository, List<Digest> digests) {
    Batches.each(
        digests,
        batch -> {
          jdbi.useHandle(handle -> Listers.readAhead(handle, repository));
          CollectBlobs.Result gone =
              batches.submit(
                  new CollectBlobs(
                      batches.initiator(requestId), repository, batch, grace.patience()));
          note(Tally.of(gone));
        });
  }

  private void sweepContent(String requestId) {
    Instant cutoff = grace.cutoff();
    Unreachable.<Digest>pages(
        last -> jdbi.withHandle(handle -> Unreachable.content(handle, cutoff, last)),
        page ->
            Batches.each(
                page,
                batch -> {
                  CollectBlobs.Result gone =
                      batches.submit(
                          new SweepContent(batches.initiator(requestId), batch, grace.patience()));
                  note(Tally.of(gone));
                }));
  }

  private void removeRepositories(String requestId) {
    Instant cutoff = grace.cutoff();
    Unreachable.<RepositoryName>pages(
        last -> jdbi.withHandle(handle -> Unreachable.emptyRepositories(handle, cutoff, last)),
        page -> {
          for (RepositoryName repository : page) {
            if (batches.submit(new RemoveRepository(batches.initiator(requestId), repository))) {
              note(Tally.ofRepositories(1));
            }
          }
        });
  }

  private int sweepOrphans(String requestId, Leftovers.Listing listing) {
    int[] swept = new int[1];
    leftovers.orphans(
        listing,
        page ->
            Batches.each(
                page,
                (List<StoredObject> batch) ->
                    swept[0] +=
                        batches.submit(
                            new SweepOrphans(
                                batches.initiator(requestId), listing.store(), batch))));
    return swept[0];
  }

  /**
   * Tells what a collection would take now, without doing anything; objects unknown to the log and
   * abandoned uploads are not among it. What only just became unreachable is taken into account up
   * to where the view has followed the log.
   */
  public void candidates(Consumer<Candidate> each) {
    catchUp();
    Leases.start(jdbi, Instant.EPOCH);
    jdbi.useHandle(
        handle ->
            new CandidateList(handle, grace.now())
                .read(grace.ofManifests(handle), grace.patience(), each));
  }

  /** Ends a collection that is running before its next command. */
  @Override
  public void close() {
    batches.close();
  }

  /** How much waits to be collected, past grace or not. */
  public Waiting waiting() {
    return jdbi.withHandle(Waiting::read);
  }
}
