package dev.stele.gc;

import dev.stele.blob.BlobStores;
import dev.stele.blob.ObjectKey;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UnknownUploadException;
import dev.stele.blob.UploadBusyException;
import dev.stele.blob.UploadId;
import dev.stele.blob.UploadStatus;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.OrphanView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What crashes and clients that went away leave in a store, and the log knows nothing of: objects
 * that were stored and never recorded, and upload sessions. What a listing finds is put down in the
 * database, and goes when later listings have found it there, in the same state, for a whole grace
 * period. That is measured by the database's clock alone: no other clock need be right or agree
 * with another's, and a change of leader loses nothing. Listing a store is dear, so it is done once
 * a grace period and no more often. Used by one thread.
 */
final class Leftovers {
  private static final Logger logger = LoggerFactory.getLogger(Leftovers.class);

  private enum Kind {
    OBJECT,
    UPLOAD;

    private String column() {
      return this == OBJECT ? "object" : "upload";
    }
  }

  /**
   * @param state what would be another if somebody had used it since
   */
  private record Found(String name, String state) {
    private static Found of(StoredObject object) {
      return new Found(object.key().value(), Long.toString(object.size()));
    }

    private static Found of(UploadStatus upload) {
      return new Found(
          upload.id().toString(),
          upload.repository() + " " + upload.size() + " " + upload.lastActivityAt());
    }

    private StoredObject object() {
      return new StoredObject(new ObjectKey(name), Long.parseLong(state));
    }

    private RepositoryName repository() {
      return RepositoryName.parse(state.substring(0, state.indexOf(' ')));
    }
  }

  /** One look at a store. */
  record Listing(String store, UUID id, OffsetDateTime startedAt) {}

  private final Jdbi jdbi;
  private final Duration grace;
  private final Supplier<Duration> patience;
  private boolean scanned;
  private long lastScanNanos;

  /**
   * @param grace how often they are looked for
   * @param patience for how long they must have been there by now
   */
  Leftovers(Jdbi jdbi, Duration grace, Supplier<Duration> patience) {
    this.patience = patience;
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
   * Lists a store and puts down what the log does not know, in memory that does not depend on how
   * much that is.
   *
   * @throws IOException if the store fails
   */
  Listing list(BlobStores.Named store) throws IOException {
    OffsetDateTime now =
        jdbi.withHandle(
            handle ->
                handle.createQuery("SELECT clock_timestamp()").mapTo(OffsetDateTime.class).one());
    Listing listing = new Listing(store.name(), UUID.randomUUID(), now);
    inPages(
        store.store()::objects,
        page -> note(listing, Kind.OBJECT, unknown(store.name(), page).map(Found::of).toList()));
    inPages(
        store.store()::uploads,
        page -> note(listing, Kind.UPLOAD, page.stream().map(Found::of).toList()));
    jdbi.useHandle(
        handle ->
            handle
                .createUpdate(
                    "DELETE FROM store_leftover WHERE store = :store AND listing <> :listing")
                .bind("store", listing.store())
                .bind("listing", listing.id())
                .execute());
    return listing;
  }

  private void note(Listing listing, Kind kind, List<Found> found) {
    if (found.isEmpty()) {
      return;
    }
    jdbi.useHandle(
        handle ->
            handle
                .createUpdate(
                    """
                    INSERT INTO store_leftover AS known (store, kind, name, state, first_seen, listing)
                    SELECT :store, :kind, name, state, :now, :listing
                    FROM unnest(:names::text[], :states::text[]) AS found (name, state)
                    ON CONFLICT (store, kind, name) DO UPDATE SET
                      first_seen = CASE WHEN known.state = excluded.state THEN known.first_seen
                                        ELSE excluded.first_seen END,
                      state = excluded.state,
                      listing = excluded.listing
                    """)
                .bind("store", listing.store())
                .bind("kind", kind.column())
                .bind("now", listing.startedAt())
                .bind("listing", listing.id())
                .bindArray("names", String.class, found.stream().map(Found::name).toList())
                .bindArray("states", String.class, found.stream().map(Found::state).toList())
                .execute());
  }

  /** What has been there for longer than the grace period, and in an earlier listing, by name. */
  private List<Found> overdue(Listing listing, Kind kind, Optional<Found> after) {
    OffsetDateTime cutoff = listing.startedAt().minus(patience.get());
    return jdbi.withHandle(
        handle ->
            handle
                .createQuery(
                    """
                    SELECT name, state FROM store_leftover
                    WHERE store = :store AND kind = :kind AND name > :after
                      AND first_seen <= :cutoff AND first_seen < :now
                    ORDER BY name
                    LIMIT :limit
                    """)
                .bind("store", listing.store())
                .bind("kind", kind.column())
                .bind("after", after.map(Found::name).orElse(""))
                .bind("cutoff", cutoff)
                .bind("now", listing.startedAt())
                .bind("limit", Unreachable.PAGE)
                .map((row, _) -> new Found(row.getString("name"), row.getString("state")))
                .list());
  }

  private void eachOverdue(Listing listing, Kind kind, Consumer<List<Found>> work) {
    Unreachable.<Found>pages(last -> overdue(listing, kind, last), work);
  }

  /** Hands on, in pages, the objects that have been unknown to the log for a grace period. */
  void orphans(Listing listing, Consumer<List<StoredObject>> work) {
    eachOverdue(
        listing, Kind.OBJECT, page -> work.accept(page.stream().map(Found::object).toList()));
  }

  /** Ends the upload sessions that nothing has come in for during a whole grace period. */
  int endAbandonedUploads(Listing listing, BlobStores.Named store) throws IOException {
    int[] ended = new int[1];
    try {
      eachOverdue(
          listing,
          Kind.UPLOAD,
          page -> {
            for (Found upload : page) {
              ended[0] += end(store, upload) ? 1 : 0;
            }
          });
    } catch (UncheckedIOException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    }
    return ended[0];
  }

  private static boolean end(BlobStores.Named store, Found upload) {
    try {
      store.store().cancel(upload.repository(), UploadId.parse(upload.name()));
      logger.info("upload {} of {} was abandoned: ended", upload.name(), upload.repository());
      return true;
    } catch (UploadBusyException | UnknownUploadException e) {
      logger.debug("upload {} goes on or is gone: {}", upload.name(), e.getMessage());
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @FunctionalInterface
  private interface Source<T> {
    Stream<T> open() throws IOException;
  }

  private static <T> void inPages(Source<T> source, Consumer<List<T>> work) throws IOException {
    try (Stream<T> all = source.open()) {
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

  private Stream<StoredObject> unknown(String store, List<StoredObject> objects) {
    List<String> keys = objects.stream().map(object -> object.key().value()).toList();
    Set<String> known = jdbi.withHandle(handle -> OrphanView.knownKeys(handle, store, keys));
    return objects.stream().filter(object -> !known.contains(object.key().value()));
  }
}
