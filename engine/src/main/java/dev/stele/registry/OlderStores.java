package dev.stele.registry;

import dev.stele.blob.BlobStores;
import dev.stele.blob.ObjectKey;
import dev.stele.claim.StoreClaims;
import dev.stele.claim.StoreMarker;
import dev.stele.event.Event;
import dev.stele.log.LogReader;
import dev.stele.projection.BlobView;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a store is older than its log, as a copy that was put back is: the uploads that the log
 * has after what the store's marker names are not there. After a crash between an upload's commit
 * and the marker they are. It is remembered until the process ends. Thread-safe.
 */
final class OlderStores implements StoreClaims.FirstLook {
  /** The most uploads that are looked for: each is a call to the store. */
  private static final int MOST = 1_000;

  private static final Logger logger = LoggerFactory.getLogger(OlderStores.class);

  private final Jdbi jdbi;
  private final LogReader reader;
  private final Map<String, String> older = new ConcurrentHashMap<>();

  OlderStores(Jdbi jdbi, LogReader reader) {
    this.jdbi = jdbi;
    this.reader = reader;
  }

  @Override
  public void at(BlobStores.Named store, StoreMarker marker) throws IOException {
    List<BlobView.Located> uploads =
        Availability.read(jdbi, handle -> uploadsAfter(handle, store.name(), marker.position()));
    int missing = 0;
    for (BlobView.Located upload : uploads) {
      if (store.store().size(new ObjectKey(upload.objectKey())).isEmpty()) {
        missing++;
      }
    }
    if (missing > 0) {
      String reason =
          ("store %s is an older copy, or was damaged: of %d uploads that were looked for, which"
               + " the log has after position %d, up to which the store was known to be whole, %d"
               + " are missing. Run 'stele fsck', which says what is missing, then 'stele scrub',"
               + " after which pushing it again repairs it")
              .formatted(store.name(), uploads.size(), marker.position(), missing);
      older.put(store.name(), reason);
      logger.error("{}", reason);
    }
  }

  /** The objects that the first uploads after a position stored, without what went since. */
  private List<BlobView.Located> uploadsAfter(Handle handle, String store, long position) {
    return reader.events(handle, position + 1, "BlobUploaded", MOST).stream()
        .map(recorded -> (Event.BlobUploaded) recorded.event())
        .filter(uploaded -> uploaded.stored() && uploaded.store().equals(store))
        .flatMap(
            uploaded ->
                BlobView.stored(handle, uploaded.digest(), store)
                    .filter(located -> located.objectKey().equals(uploaded.objectKey()))
                    .filter(located -> located.problem().isEmpty())
                    .stream())
        .toList();
  }

  /** What was found of a store. */
  Optional<String> alarm(String store) {
    return Optional.ofNullable(older.get(store));
  }
}
