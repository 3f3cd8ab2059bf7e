package dev.stele.gc;

/**
 * How much was collected.
 *
 * @param manifests how many were removed from repositories
 * @param blobs how many were removed from repositories
 * @param objects how many were given up, to be removed from the stores
 * @param bytes of those objects
 * @param repositories how many were removed since clients had left them empty; those that the
 *     collection emptied itself are not counted
 * @param orphans how many objects unknown to the log were given up
 * @param uploads how many abandoned sessions were ended
 */
public record Tally(
    long manifests,
    long blobs,
    long objects,
    long bytes,
    long repositories,
    long orphans,
    long uploads) {
  static final Tally NOTHING = new Tally(0, 0, 0, 0, 0, 0, 0);

  static Tally ofManifests(int count) {
    return new Tally(count, 0, 0, 0, 0, 0, 0);
  }

  static Tally of(CollectBlobs.Result gone) {
    return new Tally(0, gone.unlinked(), gone.swept(), gone.bytes(), 0, 0, 0);
  }

  static Tally ofRepositories(int count) {
    return new Tally(0, 0, 0, 0, count, 0, 0);
  }

  static Tally ofLeftovers(int orphans, int uploads) {
    return new Tally(0, 0, 0, 0, 0, orphans, uploads);
  }

  Tally plus(Tally more) {
    return new Tally(
        manifests + more.manifests,
        blobs + more.blobs,
        objects + more.objects,
        bytes + more.bytes,
        repositories + more.repositories,
        orphans + more.orphans,
        uploads + more.uploads);
  }
}
