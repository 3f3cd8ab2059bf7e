package dev.stele.gc;

import dev.stele.blob.BlobStores;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UnknownUploadException;
import dev.stele.blob.UploadBusyException;
import dev.stele.blob.UploadStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What crashes and clients that went away leave in a store, and the log knows nothing of: objects
 * that were stored and never recorded, and upload sessions. Finding them takes a listing of the
 * store, so it is done once a grace period and no more often. Used by one thread.
 */
final class Leftovers {
  private static final Logger logger = LoggerFactory.getLogger(Leftovers.class);

  /** The most objects that are kept in mind from one listing to the next. */
  private static final int MOST_SUSPECTS = 100_000;

  /** So many orphans are no accident, if they are more than what is known. */
  private static final int MANY = 1000;

  private record Suspect(StoredObject object, long firstSeenNanos) {}

  private final Jdbi jdbi;
  private final Duration grace;
  private final Map<String, Map<String, Suspect>> suspects = new HashMap<>();
  private boolean scanned;
  private long lastScanNanos;

  Leftovers(Jdbi jdbi, Duration grace) {
    this.jdbi = jdbi;
    this.grace = grace;
  }

  /** Whether it is time to look again. */
  boolean due() {
    return !scanned || System.nanoTime() - lastScanNanos >= grace.toNanos();
  }

  /** Notes that all stores have been looked at. */
  void done() {
    scanned = true;
    lastScanNanos = System.nanoTime();
  }

  /**
   * Looks for objects that the log does not know. The time is measured from when this process first
   * saw one, so that clocks need not agree.
   *
   * @return those that have been unknown for longer than the grace period
   * @throws IOException if the store fails, or if most of its many objects are unknown: then this
   *     is probably another registry's store, or an old copy of the database
   */
  List<StoredObject> orphans(BlobStores.Named store) throws IOException {
    Map<String, Suspect> known = suspects.getOrDefault(store.name(), Map.of());
    Map<String, Suspect> found = new HashMap<>();
    long[] objects = new long[1];
    long[] unknown = new long[1];
    long now = System.nanoTime();
    inPages(
        store.store()::objects,
        page -> {
          objects[0] += page.size();
          for (StoredObject object : unknown(store.name(), page)) {
            unknown[0]++;
            if (found.size() < MOST_SUSPECTS) {
              String key = object.key().value();
              found.put(key, known.getOrDefault(key, new Suspect(object, now)));
            }
          }
        });
    suspects.put(store.name(), found);
    if (unknown[0] > MANY && unknown[0] > objects[0] / 2) {
      throw new IOException(
          ("%,d of the %,d objects of store %s are unknown to the log; nothing was removed, since"
                  + " the store and the database do not seem to belong together")
              .formatted(unknown[0], objects[0], store.name()));
    }
    return found.values().stream()
        .filter(
            suspect ->
                now - suspect.firstSeenNanos() >= grace.toNanos()
                    && known.containsKey(suspect.object().key().value()))
        .map(Suspect::object)
        .toList();
  }

  @FunctionalInterface
  private interface Listing<T> {
    Stream<T> open() throws IOException;
  }

  private static <T> void inPages(Listing<T> listing, Consumer<List<T>> work) throws IOException {
    try (Stream<T> all = listing.open()) {
      List<T> page = new ArrayList<>(Unreachable.PAGE);
      for (Iterator<T> each = all.iterator(); each.hasNext(); ) {
        page.add(each.next());
        if (page.size() == Unreachable.PAGE || !each.hasNext()) {
          work.accept(page);
          page.clear();
        }
      }
    } catch (UncheckedIOException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    }
  }

  private List<StoredObject> unknown(String store, List<StoredObject> objects) {
    Set<String> known =
        new HashSet<>(jdbi.withHandle((Handle handle) -> known(handle, store, objects)));
    return objects.stream().filter(object -> !known.contains(object.key().value())).toList();
  }

  private static List<String> known(Handle handle, String store, List<StoredObject> objects) {
    return handle
        .createQuery(
            """
            SELECT object_key FROM blob_object WHERE store = :store AND object_key = ANY (:keys)
            UNION ALL
            SELECT object_key FROM swept_orphan WHERE store = :store AND object_key = ANY (:keys)
            """)
        .bind("store", store)
        .bindArray(
            "keys", String.class, objects.stream().map(object -> object.key().value()).toList())
        .mapTo(String.class)
        .list();
  }

  /** Ends the upload sessions that nothing has come in for during a whole grace period. */
  int endAbandonedUploads(BlobStores.Named store) throws IOException {
    Instant before = Instant.now().minus(grace);
    List<UploadStatus> abandoned = new ArrayList<>();
    inPages(
        store.store()::uploads,
        page ->
            page.stream()
                .filter(upload -> upload.lastActivityAt().isBefore(before))
                .forEach(abandoned::add));
    int ended = 0;
    for (UploadStatus upload : abandoned) {
      try {
        store.store().cancel(upload.repository(), upload.id());
        ended++;
        logger.info(
            "upload {} of {} was abandoned since {}: ended",
            upload.id(),
            upload.repository(),
            upload.lastActivityAt());
      } catch (UploadBusyException | UnknownUploadException e) {
        logger.debug("upload {} goes on or is gone: {}", upload.id(), e.getMessage());
      }
    }
    return ended;
  }
}
