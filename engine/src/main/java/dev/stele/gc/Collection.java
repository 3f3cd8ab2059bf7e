package dev.stele.gc;

import java.time.Instant;
import java.util.Optional;

/**
 * What a collection did, or has done so far.
 *
 * @param endedAt absent while it runs
 * @param manifests how many were removed from repositories
 * @param blobs how many were removed from repositories
 * @param objects how many were given up, to be removed from the stores
 * @param bytes of those objects
 * @param repositories how many were removed since clients had left them empty; those that the
 *     collection emptied itself are not counted
 * @param orphans how many objects unknown to the log were given up
 * @param uploads how many abandoned sessions were ended
 * @param failure what ended it early, if something did; the rest is left to the next one
 */
public record Collection(
    Instant startedAt,
    Optional<Instant> endedAt,
    long manifests,
    long blobs,
    long objects,
    long bytes,
    long repositories,
    long orphans,
    long uploads,
    Optional<String> failure) {

  static Collection started(Instant at) {
    return new Collection(at, Optional.empty(), 0, 0, 0, 0, 0, 0, 0, Optional.empty());
  }

  Collection plusManifests(int more) {
    return new Collection(
        startedAt,
        endedAt,
        manifests + more,
        blobs,
        objects,
        bytes,
        repositories,
        orphans,
        uploads,
        failure);
  }

  Collection plus(CollectBlobs.Result more) {
    return new Collection(
        startedAt,
        endedAt,
        manifests,
        blobs + more.unlinked(),
        objects + more.swept(),
        bytes + more.bytes(),
        repositories,
        orphans,
        uploads,
        failure);
  }

  Collection plusRepositories(int more) {
    return new Collection(
        startedAt,
        endedAt,
        manifests,
        blobs,
        objects,
        bytes,
        repositories + more,
        orphans,
        uploads,
        failure);
  }

  Collection plusLeftovers(int moreOrphans, int moreUploads) {
    return new Collection(
        startedAt,
        endedAt,
        manifests,
        blobs,
        objects,
        bytes,
        repositories,
        orphans + moreOrphans,
        uploads + moreUploads,
        failure);
  }

  /** Whether it found nothing to do. */
  public boolean idle() {
    return manifests + blobs + objects + repositories + orphans + uploads == 0;
  }

  Collection ended(Instant at, Optional<String> how) {
    return new Collection(
        startedAt,
        Optional.of(at),
        manifests,
        blobs,
        objects,
        bytes,
        repositories,
        orphans,
        uploads,
        how);
  }
}
