package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.log.AppendLane;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Tells the log of pulls, in the way that {@link PullRecording} says; see {@link Observations}.
 * Thread-safe.
 */
public final class PullRecorder {
  static final int MOST_KEYS = 20_000;

  private final PullRecording recording;
  private final Actors actors;
  private final Observations observations;

  PullRecorder(PullRecording recording, Actors actors, AppendLane lane, MeterRegistry meters) {
    this.recording = recording;
    this.actors = actors;
    this.observations =
        new Observations(
            "pulls",
            MOST_KEYS,
            actors,
            lane,
            Counter.builder("stele.pulls.lost")
                .description("Pulls that the log will not know of, for want of room or a failure")
                .register(meters));
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
      case EVERY -> observations.record(actors.initiator(caller), List.of(pull));
      case MINUTE -> {
        boolean _ = observations.add(ObservationCounts.By.of(caller), pull);
      }
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
      boolean _ =
          observations.add(
              ObservationCounts.By.of(caller),
              new Event.BlobPullsObserved(repository, 1, now, now));
    }
  }

  /** Records what was counted so far, which happens by itself once a minute. */
  public void flush() {
    observations.flush();
  }

  /** Records what was counted. The lane must still be open. */
  void close() {
    observations.close();
  }
}
