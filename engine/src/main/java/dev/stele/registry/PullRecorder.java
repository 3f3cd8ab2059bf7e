package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Event.PullEvent;
import dev.stele.event.EventCodec;
import dev.stele.event.Initiator;
import dev.stele.log.AppendLane;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log of pulls, in the way that {@link PullRecording} says. What cannot be recorded while
 * the database is away is tried again a minute later; what there is no room for meanwhile is lost
 * and counted ({@code stele.pulls.lost}). Thread-safe.
 */
public final class PullRecorder {
  private static final Logger logger = LoggerFactory.getLogger(PullRecorder.class);
  private static final long INTERVAL_SECONDS = 60;

  private final PullRecording recording;
  private final Actors actors;
  private final AppendLane lane;
  private final PullCounts counts = new PullCounts();
  private final Counter lost;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;
  private volatile boolean closed;

  PullRecorder(PullRecording recording, Actors actors, AppendLane lane, MeterRegistry meters) {
    this.recording = recording;
    this.actors = actors;
    this.lane = lane;
    this.lost =
        Counter.builder("stele.pulls.lost")
            .description("Pulls that the log will not know of, for want of room or a failure")
            .register(meters);
    this.thread = Thread.ofVirtual().name("pull-recorder").unstarted(this::run);
    if (recording != PullRecording.OFF) {
      thread.start();
    }
  }

  /**
   * Takes note that a manifest was pulled, as {@link RegistryOptions#pulls} says; see {@link
   * PullRecording} for when it is on record.
   *
   * @param tag by which; absent: by digest
   * @throws RegistryUnavailableException if every pull is to be recorded and this one cannot be
   */
  public void recordManifest(
      Caller caller, RepositoryName repository, Digest digest, Optional<Tag> tag) {
    Instant now = EventCodec.truncate(Instant.now());
    Event.PullsObserved pull = new Event.PullsObserved(repository, digest, tag, 1, now, now);
    switch (recording) {
      case OFF -> {}
      case EVERY -> record(actors.initiator(caller), List.of(pull));
      case MINUTE -> count(caller, pull);
    }
  }

  /**
   * Takes note that bytes of a blob were asked for. Unless {@link RegistryOptions#pulls} says
   * {@link PullRecording#OFF}, that many were is on record a minute later: there are many, so they
   * are always counted first.
   */
  public void recordBlob(Caller caller, RepositoryName repository) {
    if (recording != PullRecording.OFF) {
      Instant now = EventCodec.truncate(Instant.now());
      count(caller, new Event.BlobPullsObserved(repository, 1, now, now));
    }
  }

  private void count(Caller caller, PullEvent pull) {
    keep(PullCounts.By.of(caller), pull);
    if (wake.availablePermits() == 0 && counts.filling()) {
      wake.release();
    }
  }

  private void keep(PullCounts.By by, PullEvent pulls) {
    if (!counts.add(by, pulls)) {
      lost.increment((double) pulls.count());
    }
  }

  private void record(Initiator initiator, List<PullEvent> pulls) {
    Availability.guard(() -> lane.submit(new RecordPulls(initiator, pulls)));
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

  /** Records what was counted so far. */
  synchronized void flush() {
    Deque<Batch> batches = new ArrayDeque<>();
    for (Map.Entry<PullCounts.By, List<PullEvent>> entry : counts.take().entrySet()) {
      List<PullEvent> pulls = entry.getValue();
      for (int from = 0; from < pulls.size(); from += RecordPulls.MOST) {
        int to = Math.min(from + RecordPulls.MOST, pulls.size());
        batches.add(new Batch(entry.getKey(), pulls.subList(from, to)));
      }
    }
    while (!batches.isEmpty()) {
      Batch batch = batches.poll();
      try {
        record(
            actors.initiator(
                batch.by().identity(), batch.by().origin(), UUID.randomUUID().toString()),
            batch.pulls());
      } catch (RegistryUnavailableException e) {
        batches.addFirst(batch);
        again(batches, e);
        return;
      } catch (RuntimeException e) {
        long pulls = batch.pulls().stream().mapToLong(PullEvent::count).sum();
        logger.error("{} pulls could not be recorded and are lost", pulls, e);
        lost.increment((double) pulls);
      }
    }
  }

  private record Batch(PullCounts.By by, List<PullEvent> pulls) {}

  /** The outcome of a command may be unknown: then its pulls may be counted twice, never missed. */
  private void again(Deque<Batch> batches, RegistryUnavailableException e) {
    logger.warn("pulls are kept in memory for now: {}", e.getMessage());
    for (Batch batch : batches) {
      batch.pulls().forEach(pulls -> keep(batch.by(), pulls));
    }
  }

  /** Records what was counted. The lane must still be open. */
  void close() {
    closed = true;
    wake.release();
    if (recording != PullRecording.OFF) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      // Here, since the thread may have been recording when the last ones were counted.
      flush();
    }
  }
}
