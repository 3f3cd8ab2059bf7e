package dev.stele.verify;

import dev.stele.blob.BlobStores;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.ManifestView;
import dev.stele.projection.RepositoryView;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;

/** Looks for content that manifests list and their repositories lack. */
final class ReferenceCheck {
  private static final int PAGE = 1000;

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
  void run() {
    Optional<String> after = Optional.empty();
    List<RepositoryName> page;
    do {
      Optional<String> last = after;
      page = jdbi.withHandle(handle -> RepositoryView.list(handle, last, PAGE));
      page.forEach(this::look);
      after = page.isEmpty() ? after : Optional.of(page.getLast().value());
    } while (!page.isEmpty());
  }

  private void look(RepositoryName repository) {
    String store = stores.of(repository).name();
    Optional<ManifestView.Reference> after = Optional.empty();
    List<ManifestView.Reference> page;
    do {
      Optional<ManifestView.Reference> last = after;
      page =
          jdbi.withHandle(handle -> ManifestView.dangling(handle, repository, store, last, PAGE));
      for (ManifestView.Reference reference : page) {
        findings.accept(
            new Finding.ContentMissing(
                repository, reference.manifest(), reference.role(), reference.digest(), sparse));
      }
      after = page.isEmpty() ? after : Optional.of(page.getLast());
    } while (!page.isEmpty());
  }
}
