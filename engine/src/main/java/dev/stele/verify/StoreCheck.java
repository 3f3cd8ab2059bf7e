package dev.stele.verify;

import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStoreException;
import dev.stele.blob.BlobStores;
import dev.stele.blob.FileFailure;
import dev.stele.blob.ObjectKey;
import dev.stele.blob.StoredObject;
import dev.stele.oci.Digest;
import dev.stele.projection.BlobView;
import dev.stele.projection.ProgressListener;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;

/**
 * Holds the log against a store: what the log has must be there, and what is there should be in the
 * log.
 */
final class StoreCheck {
  private static final int PAGE = 1000;

  /** So many take some megabytes of memory. */
  private static final int MOST_SUSPECTS = 20_000;

  private static final int BUFFER_BYTES = 1 << 18;

  /** Is told of every object that was looked at. */
  @FunctionalInterface
  interface Observer {
    void looked(BlobView.Located object, Optional<Finding.OfObject> finding);
  }

  private final Jdbi jdbi;
  private final BlobStores.Named store;

  StoreCheck(Jdbi jdbi, BlobStores.Named store) {
    this.jdbi = jdbi;
    this.store = store;
  }

  /**
   * Looks for every object that the log knows. No connection is held while a store is read.
   *
   * @param reading at what pace to read each object whole and re-hash it; absent: look at sizes
   *     only
   * @throws IOException if the store cannot be used, or the thread was interrupted
   */
  void recorded(Optional<Pace> reading, Observer observer, ProgressListener progress)
      throws IOException {
    long count = 0;
    Optional<Digest> after = Optional.empty();
    while (true) {
      Optional<Digest> last = after;
      List<BlobView.Located> page =
          jdbi.withHandle(handle -> BlobView.objects(handle, store.name(), last, PAGE));
      if (page.isEmpty()) {
        return;
      }
      for (BlobView.Located object : page) {
        observer.looked(object, stillRecorded(object, check(object, reading, progress)));
        count++;
        if (reading.isEmpty()) {
          progress.at("objects of store " + store.name(), count, 0);
        }
      }
      after = Optional.of(page.getLast().digest());
    }
  }

  /** What was swept or replaced while it was looked at is no longer the log's concern. */
  private Optional<Finding.OfObject> stillRecorded(
      BlobView.Located object, Optional<Finding.OfObject> finding) {
    return finding.filter(
        _ ->
            jdbi.withHandle(handle -> BlobView.stored(handle, object.digest(), store.name()))
                .filter(now -> now.objectKey().equals(object.objectKey()))
                .isPresent());
  }

  private Optional<Finding.OfObject> check(
      BlobView.Located object, Optional<Pace> reading, ProgressListener progress)
      throws IOException {
    ObjectKey key = new ObjectKey(object.objectKey());
    OptionalLong size = store.store().size(key);
    if (size.isEmpty()) {
      return Optional.of(missing(object));
    }
    if (size.getAsLong() != object.size()) {
      return Optional.of(
          new Finding.ObjectSize(
              store.name(), object.digest(), key.value(), object.size(), size.getAsLong()));
    }
    return reading.isEmpty() ? Optional.empty() : rehash(object, key, reading.get(), progress);
  }

  private Finding.OfObject missing(BlobView.Located object) {
    return new Finding.ObjectMissing(store.name(), object.digest(), object.objectKey());
  }

  private Optional<Finding.OfObject> rehash(
      BlobView.Located object, ObjectKey key, Pace pace, ProgressListener progress)
      throws IOException {
    MessageDigest hasher = object.digest().algorithm().newHasher();
    try (BlobContent content = store.store().open(key);
        InputStream stream = content.stream(0, content.size())) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        hasher.update(buffer, 0, read);
        pace.passed(read);
        progress.at("bytes read again", pace.bytes(), 0);
      }
    } catch (BlobStoreException e) {
      return Optional.of(missing(object));
    } catch (IOException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      // Either this object cannot be read, or nothing can be: then this throws.
      store.store().probe();
      return Optional.of(
          new Finding.ObjectUnreadable(store.name(), object.digest(), key.value(), e.toString()));
    }
    Digest actual = Digest.ofHash(object.digest().algorithm(), hasher.digest());
    return actual.equals(object.digest())
        ? Optional.empty()
        : Optional.of(
            new Finding.ObjectContent(store.name(), object.digest(), key.value(), actual));
  }

  /**
   * Lists what the log does not know. An upload that is just being recorded looks like that for a
   * moment, so suspects are asked about once more, at the end or when there are many.
   *
   * @return how many objects the store has
   */
  long orphans(Consumer<Finding> findings, ProgressListener progress) throws IOException {
    long count = 0;
    List<StoredObject> suspects = new ArrayList<>();
    try (Stream<StoredObject> objects = store.store().objects()) {
      List<StoredObject> page = new ArrayList<>(PAGE);
      for (Iterator<StoredObject> each = objects.iterator(); each.hasNext(); ) {
        page.add(each.next());
        count++;
        if (page.size() == PAGE || !each.hasNext()) {
          suspects.addAll(unknown(page));
          page.clear();
          progress.at("objects found in store " + store.name(), count, 0);
        }
        if (suspects.size() >= MOST_SUSPECTS) {
          confirm(suspects, findings);
        }
      }
    }
    confirm(suspects, findings);
    return count;
  }

  private void confirm(List<StoredObject> suspects, Consumer<Finding> findings) {
    for (int from = 0; from < suspects.size(); from += PAGE) {
      for (StoredObject orphan :
          unknown(suspects.subList(from, Math.min(from + PAGE, suspects.size())))) {
        findings.accept(new Finding.Orphan(store.name(), orphan.key().value(), orphan.size()));
      }
    }
    suspects.clear();
  }

  private List<StoredObject> unknown(List<StoredObject> objects) {
    List<String> keys = objects.stream().map(object -> object.key().value()).toList();
    Set<String> known =
        jdbi.withHandle(handle -> BlobView.recordedKeys(handle, store.name(), keys));
    return objects.stream().filter(object -> !known.contains(object.key().value())).toList();
  }

  /** Why a store could not be looked at, for people. */
  static String reason(Exception e) {
    Throwable cause = e instanceof UncheckedIOException unchecked ? unchecked.getCause() : e;
    return cause instanceof FileSystemException file
        ? FileFailure.reason(file)
        : String.valueOf(cause.getMessage());
  }
}
