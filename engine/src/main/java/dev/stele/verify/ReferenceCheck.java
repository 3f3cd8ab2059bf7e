package dev.stele.verify;

import dev.stele.blob.BlobStores;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.ProgressListener;
import dev.stele.projection.RepositoryView;
import dev.stele.sql.Values;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/** Looks for content that manifests list and their repositories lack. */
final class ReferenceCheck {
  private static final int PAGE = 1000;

  /** Of documents, which have up to a few MiB each. */
  private static final int FETCH = 4;

  private final Jdbi jdbi;
  private final BlobStores stores;
  private final boolean sparse;
  private final Consumer<Finding> findings;

  /**
   * @param sparse whether the registry accepts manifests whose content is missing
   */
  ReferenceCheck(Jdbi jdbi, BlobStores stores, boolean sparse, Consumer<Finding> findings) {
    this.jdbi = jdbi;
    this.stores = stores;
    this.sparse = sparse;
    this.findings = findings;
  }

  /** Looks at every repository. */
  void run(ProgressListener progress) {
    long count = 0;
    Optional<String> after = Optional.empty();
    List<RepositoryName> page;
    do {
      Optional<String> last = after;
      page = jdbi.withHandle(handle -> RepositoryView.list(handle, last, PAGE));
      for (RepositoryName repository : page) {
        look(repository);
        progress.at("repositories", ++count, 0);
      }
      after = page.isEmpty() ? after : Optional.of(page.getLast().value());
    } while (!page.isEmpty());
  }

  private void look(RepositoryName repository) {
    Optional<Digest> next = Optional.empty();
    do {
      Optional<Digest> last = next;
      next =
          jdbi.inTransaction(
              TransactionIsolationLevel.REPEATABLE_READ, handle -> look(handle, repository, last));
    } while (next.isPresent());
  }

  /** A page of manifests, at one moment; the last of them if there may be more. */
  private Optional<Digest> look(Handle handle, RepositoryName repository, Optional<Digest> after) {
    Listed listed = new Listed(handle, repository);
    int[] count = {0};
    Digest[] last = {null};
    handle
        .createQuery(
            """
            SELECT m.digest, d.bytes
            FROM manifest m
            JOIN manifest_document d ON d.digest = m.digest
            WHERE m.repository = :repository AND m.digest > :after
            ORDER BY m.digest
            LIMIT :limit
            """)
        .bind("repository", repository)
        .bind("after", Values.bytesOrNone(after))
        .bind("limit", PAGE)
        .setFetchSize(FETCH)
        .map((row, _) -> Map.entry(Values.digest(row, "digest"), row.getBytes("bytes")))
        .forEach(
            document -> {
              count[0]++;
              last[0] = document.getKey();
              listed.by(document.getKey(), document.getValue());
            });
    listed.report();
    return count[0] == PAGE ? Optional.of(last[0]) : Optional.empty();
  }

  /** What some manifests list, asked about together. */
  private final class Listed {
    private final Handle handle;
    private final RepositoryName repository;
    private final Map<Digest, Map<Digest, Manifest.Role>> byManifest = new LinkedHashMap<>();
    private int size;

    Listed(Handle handle, RepositoryName repository) {
      this.handle = handle;
      this.repository = repository;
    }

    void by(Digest manifest, byte[] document) {
      Map<Digest, Manifest.Role> roles = new TreeMap<>();
      try {
        for (Manifest.Listed each : Manifest.read(document).listed()) {
          if (!each.elsewhere()) {
            roles.putIfAbsent(each.digest(), each.role());
          }
        }
      } catch (InvalidManifestException e) {
        return; // a changed document, which the check of the record tells of
      }
      byManifest.put(manifest, roles);
      size += roles.size();
      if (size >= PAGE) {
        report();
      }
    }

    void report() {
      Set<Digest> wanted = new HashSet<>();
      byManifest.values().forEach(roles -> wanted.addAll(roles.keySet()));
      Set<Digest> missing = missing(wanted);
      byManifest.forEach(
          (manifest, roles) ->
              roles.forEach(
                  (digest, role) -> {
                    if (missing.contains(digest)) {
                      findings.accept(
                          new Finding.ContentMissing(repository, manifest, role, digest, sparse));
                    }
                  }));
      byManifest.clear();
      size = 0;
    }

    /**
     * Those that are no manifest of the repository, and no blob, or its store has nothing of it.
     */
    private Set<Digest> missing(Collection<Digest> digests) {
      return new HashSet<>(
          handle
              .createQuery(
                  """
                  SELECT wanted.digest
                  FROM unnest(:digests::bytea[]) AS wanted (digest)
                  WHERE NOT EXISTS (
                      SELECT FROM manifest m
                      WHERE m.repository = :repository AND m.digest = wanted.digest)
                    AND NOT EXISTS (
                      SELECT FROM blob_link l
                      JOIN blob_object o ON o.digest = l.digest AND o.store = :store
                      WHERE l.repository = :repository AND l.digest = wanted.digest)
                  """)
              .bind("repository", repository)
              .bind("store", stores.of(repository).name())
              .bind("digests", Values.digests(digests))
              .mapTo(Digest.class)
              .list());
    }
  }
}
