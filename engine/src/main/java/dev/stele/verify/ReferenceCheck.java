package dev.stele.verify;

import dev.stele.blob.BlobStores;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ManifestView;
import dev.stele.projection.RepositoryView;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Looks for content that manifests refer to and their repositories lack. */
final class ReferenceCheck {
  private static final int PAGE = 1000;

  private final Jdbi jdbi;
  private final BlobStores stores;
  private final boolean sparse;
  private final Consumer<Finding> findings;
  private final ManifestDocuments documents = new ManifestDocuments();

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
        if (!jdbi.withHandle(handle -> elsewhere(handle, reference))) {
          findings.accept(
              new Finding.ContentMissing(
                  repository, reference.manifest(), reference.kind(), reference.digest(), sparse));
        }
      }
      after = page.isEmpty() ? after : Optional.of(page.getLast());
    } while (!page.isEmpty());
  }

  /** Whether the content need not be here, as the manifest says. */
  private boolean elsewhere(Handle handle, ManifestView.Reference reference) {
    if (reference.kind() != ManifestView.Kind.LAYER) {
      return false;
    }
    try {
      Optional<ManifestDocuments.Document> document = documents.find(handle, reference.manifest());
      return document.isPresent()
          && Manifest.parse(document.get().mediaType(), document.get().bytes()).layers().stream()
              .filter(layer -> layer.digest().equals(reference.digest()))
              .allMatch(layer -> MediaTypes.nonDistributable(layer.mediaType()));
    } catch (InvalidManifestException | IllegalStateException e) {
      // That the manifest cannot be read is a finding of its own.
      return false;
    }
  }
}
