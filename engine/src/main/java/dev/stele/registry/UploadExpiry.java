package dev.stele.registry;

import dev.stele.blob.BlobStores;
import dev.stele.gc.AbandonedUploads;
import dev.stele.log.Foreseen;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends abandoned uploads in the stores that are this process's alone, whether the database is there
 * or not and whoever leads: a disk that is full of them may be why it is not.
 */
final class UploadExpiry implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(UploadExpiry.class);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);

  private final List<AbandonedUploads> stores;
  private final Duration grace;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  UploadExpiry(BlobStores stores, Duration grace) {
    this.stores =
        stores.all().stream()
            .filter(store -> store.store().ownsUploads())
            .map(store -> new AbandonedUploads(store, grace))
            .toList();
    this.grace = grace;
    this.thread = Thread.ofVirtual().name("upload-expiry").start(this::run);
  }

  private void run() {
    Duration pause = grace.dividedBy(4);
    pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    pause = pause.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : pause;
    try {
      while (!closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        stores.forEach(UploadExpiry::expire);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void expire(AbandonedUploads uploads) {
    try {
      int _ = uploads.end();
    } catch (IOException | RuntimeException e) {
      Foreseen.line(e)
          .ifPresentOrElse(
              reason -> logger.warn("abandoned uploads could not be ended: {}", reason),
              () -> logger.warn("abandoned uploads could not be ended", e));
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
