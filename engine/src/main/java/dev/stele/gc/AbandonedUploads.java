package dev.stele.gc;

import dev.stele.blob.BlobStores;
import dev.stele.blob.UnknownUploadException;
import dev.stele.blob.UploadBusyException;
import dev.stele.blob.UploadId;
import dev.stele.blob.UploadStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Upload sessions of one store in which this process saw nothing come in for a whole grace period.
 * The store alone tells, so they are ended without the database too, which may be what is waiting
 * for their room; and no clock need be right. Used by one thread.
 */
public final class AbandonedUploads {
  private static final Logger logger = LoggerFactory.getLogger(AbandonedUploads.class);

  private record Seen(UploadStatus status, long sinceNanos) {}

  private final BlobStores.Named store;
  private final Duration grace;
  private Map<UploadId, Seen> seen = new HashMap<>();

  /**
   * @param store whose uploads are this process's alone
   */
  public AbandonedUploads(BlobStores.Named store, Duration grace) {
    this.store = store;
    this.grace = grace;
  }

  /**
   * Looks at all uploads, and ends those that are abandoned; returns how many.
   *
   * @throws IOException if the store fails
   */
  public int end() throws IOException {
    long now = System.nanoTime();
    Map<UploadId, Seen> found = new HashMap<>();
    List<UploadStatus> abandoned = new ArrayList<>();
    try (Stream<UploadStatus> uploads = store.store().uploads()) {
      for (Iterator<UploadStatus> each = uploads.iterator(); each.hasNext(); ) {
        UploadStatus upload = each.next();
        Seen before = seen.get(upload.id());
        if (before == null || !before.status().equals(upload)) {
          found.put(upload.id(), new Seen(upload, now));
        } else {
          found.put(upload.id(), before);
          if (now - before.sinceNanos() >= grace.toNanos()) {
            abandoned.add(upload);
          }
        }
      }
    } catch (UncheckedIOException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    }
    seen = found;
    int ended = 0;
    for (UploadStatus upload : abandoned) {
      try {
        store.store().cancel(upload.repository(), upload.id());
        ended++;
        logger.info("upload {} of {} was abandoned: ended", upload.id(), upload.repository());
      } catch (UploadBusyException | UnknownUploadException e) {
        logger.debug("upload {} goes on or is gone: {}", upload.id(), e.getMessage());
      }
    }
    return ended;
  }
}
