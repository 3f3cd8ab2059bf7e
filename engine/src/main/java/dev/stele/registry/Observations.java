package dev.stele.registry;

import dev.stele.event.Event.Observed;
import dev.stele.event.Initiator;
import dev.stele.log.AppendLane;
import dev.stele.registry.ObservationCounts.By;
import io.micrometer.core.instrument.Counter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what a node observes in memory and has it recorded once a minute, so that nobody who is
 * observed waits for that. What cannot be recorded while the database is away is tried again a
 * minute later; what there is no room for meanwhile is lost and counted. Thread-safe.
 */
final class Observations {
  private static final Logger logger = LoggerFactory.getLogger(Observations.class);
  private static final long INTERVAL_SECONDS = 60;

  private final String what;
  private final Actors actors;
  private final AppendLane lane;
  private final ObservationCounts counts;
  private final Counter lost;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Begins to observe.
   *
   * @param what it is, in the plural, for the log
   * @param most how many different observations are kept until they are recorded
   * @param lost counts what is lost
   */
  Observations(String what, int most, Actors actors, AppendLane lane, Counter lost) {
    this.what = what;
    this.actors = actors;
    this.lane = lane;
    this.counts = new ObservationCounts(most);
    this.lost = lost;
    this.thread = Thread.ofVirtual().name("recorder of " + what).start(this::run);
  }

  /** Counts an observation, or that it is lost; returns whether it was counted. */
  boolean add(By by, Observed observed) {
    boolean counted = counts.add(by, observed);
    if (!counted) {
      lost.increment((double) observed.count());
    }
    wakeIfFull();
    return counted;
  }

  /**
   * Counts an observation.
   *
   * @param otherwise what is counted instead where there are too many different ones of one caller
   * @param most how many those are, a minute
   */
  void add(By by, Observed observed, int most, Observed otherwise) {
    if (counts.add(by, observed, most)) {
      wakeIfFull();
    } else {
      boolean _ = add(by, otherwise);
    }
  }

  private void wakeIfFull() {
    if (wake.availablePermits() == 0 && counts.filling()) {
      wake.release();
    }
  }

  /**
   * Records observations at once.
   *
   * @throws RegistryUnavailableException if that cannot be done now
   */
  void record(Initiator initiator, List<Observed> observed) {
    Availability.guard(() -> lane.submit(new RecordObservations(initiator, observed)));
  }

  private void run() {
    while (!closed) {
      try {
        if (wake.tryAcquire(INTERVAL_SECONDS, TimeUnit.SECONDS)) {
          if (closed) {
            return;
          }
          wake.drainPermits();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      flush();
    }
  }

  private record Batch(By by, List<Observed> observed) {}

  /** Records what was counted so far. */
  synchronized void flush() {
    Deque<Batch> batches = new ArrayDeque<>();
    for (Map.Entry<By, List<Observed>> entry : counts.take().entrySet()) {
      List<Observed> observed = entry.getValue();
      for (int from = 0; from < observed.size(); from += RecordObservations.MOST) {
        int to = Math.min(from + RecordObservations.MOST, observed.size());
        batches.add(new Batch(entry.getKey(), observed.subList(from, to)));
      }
    }
    while (!batches.isEmpty()) {
      Batch batch = batches.poll();
      try {
        record(
            actors.initiator(
                batch.by().identity(), batch.by().origin(), UUID.randomUUID().toString()),
            batch.observed());
      } catch (RegistryUnavailableException e) {
        batches.addFirst(batch);
        again(batches, e);
        return;
      } catch (RuntimeException e) {
        long times = batch.observed().stream().mapToLong(Observed::count).sum();
        logger.error("{} {} could not be recorded and are lost", times, what, e);
        lost.increment((double) times);
      }
    }
  }

  /** The outcome of a command may be unknown: then these may be counted twice, never missed. */
  private void again(Deque<Batch> batches, RegistryUnavailableException e) {
    logger.warn("{} are kept in memory for now: {}", what, e.getMessage());
    for (Batch batch : batches) {
      for (Observed observed : batch.observed()) {
        boolean _ = add(batch.by(), observed);
      }
    }
  }

  /** Records what was counted. The lane must still be open. */
  void close() {
    closed = true;
    wake.release();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Here, since the thread may have been recording when the last ones were counted.
    flush();
  }
}
