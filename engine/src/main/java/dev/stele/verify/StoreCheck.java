package dev.stele.verify;

import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStoreException;
import dev.stele.blob.BlobStores;
import dev.stele.blob.ObjectKey;
import dev.stele.blob.StoredObject;
import dev.stele.oci.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Holds the log against a store: what the log has must be there, and what is there should be in the
 * log.
 */
final class StoreCheck {
  private static final int PAGE = 1000;
  private static final int BUFFER_BYTES = 1 << 18;

  private record Recorded(Digest digest, String key, long size) {}

  private final Handle handle;
  private final BlobStores.Named store;
  private final Consumer<Finding> findings;

  StoreCheck(Handle handle, BlobStores.Named store, Consumer<Finding> findings) {
    this.handle = handle;
    this.store = store;
    this.findings = findings;
  }

  /**
   * Looks for every object that the log knows.
   *
   * @param deep whether to read each whole and re-hash it
   * @return how many there are
   */
  long recorded(boolean deep) throws IOException {
    long count = 0;
    String after = "";
    while (true) {
      List<Recorded> page = page(after);
      if (page.isEmpty()) {
        return count;
      }
      for (Recorded recorded : page) {
        check(recorded, deep);
      }
      count += page.size();
      after = page.getLast().digest().toString();
    }
  }

  private List<Recorded> page(String after) {
    return handle
        .createQuery(
            """
            SELECT digest, object_key, size FROM blob_object
            WHERE store = :store AND digest > :after
            ORDER BY digest
            LIMIT :limit
            """)
        .bind("store", store.name())
        .bind("after", after)
        .bind("limit", PAGE)
        .map(
            (row, _) ->
                new Recorded(
                    Digest.parse(row.getString("digest")),
                    row.getString("object_key"),
                    row.getLong("size")))
        .list();
  }

  private void check(Recorded recorded, boolean deep) throws IOException {
    ObjectKey key = new ObjectKey(recorded.key());
    OptionalLong size = store.store().size(key);
    if (size.isEmpty()) {
      findings.accept(new Finding.ObjectMissing(store.name(), recorded.digest(), recorded.key()));
    } else if (size.getAsLong() != recorded.size()) {
      findings.accept(
          new Finding.ObjectSize(
              store.name(), recorded.digest(), recorded.key(), recorded.size(), size.getAsLong()));
    } else if (deep) {
      rehash(recorded, key);
    }
  }

  private void rehash(Recorded recorded, ObjectKey key) throws IOException {
    MessageDigest hasher = recorded.digest().algorithm().newHasher();
    try (BlobContent content = store.store().open(key);
        InputStream stream = content.stream(0, content.size())) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        hasher.update(buffer, 0, read);
      }
    } catch (BlobStoreException e) {
      findings.accept(new Finding.ObjectMissing(store.name(), recorded.digest(), recorded.key()));
      return;
    }
    Digest actual = Digest.ofHash(recorded.digest().algorithm(), hasher.digest());
    if (!actual.equals(recorded.digest())) {
      findings.accept(
          new Finding.ObjectContent(store.name(), recorded.digest(), recorded.key(), actual));
    }
  }

  /**
   * Lists what the log does not know. An upload that is just being recorded looks like that for a
   * moment, so suspects are asked about once more at the end.
   *
   * @return how many objects the store has
   */
  long orphans() throws IOException {
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
        }
      }
    }
    for (int from = 0; from < suspects.size(); from += PAGE) {
      for (StoredObject orphan :
          unknown(suspects.subList(from, Math.min(from + PAGE, suspects.size())))) {
        findings.accept(new Finding.Orphan(store.name(), orphan.key().value(), orphan.size()));
      }
    }
    return count;
  }

  private List<StoredObject> unknown(List<StoredObject> objects) {
    Set<String> known =
        new HashSet<>(
            handle
                .createQuery(
                    """
                    SELECT object_key FROM blob_object WHERE store = :store AND object_key = ANY (:keys)
                    """)
                .bind("store", store.name())
                .bindArray(
                    "keys",
                    String.class,
                    objects.stream().map(object -> object.key().value()).toList())
                .mapTo(String.class)
                .list());
    return objects.stream().filter(object -> !known.contains(object.key().value())).toList();
  }
}
