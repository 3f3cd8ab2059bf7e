package dev.stele.registry;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.ImageIndex;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.BlobView;
import dev.stele.projection.ReferrerView;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/** Which repositories there are, and what is in them now. Thread-safe. */
final class Listings {
  private final Jdbi jdbi;

  Listings(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** See {@link Registry#exists}. */
  boolean exists(RepositoryName repository) {
    return Availability.read(jdbi, handle -> RepositoryView.exists(handle, repository));
  }

  /** See {@link Registry#validate}. */
  Outcome<RepositoryName> validate(RepositoryName repository) {
    return exists(repository)
        ? Outcome.ok(repository)
        : Outcome.refused(new Refusal.UnknownRepository(repository));
  }

  /** See {@link Registry#repositories}. */
  Page<RepositoryName> repositories(Optional<String> after, int limit) {
    return Page.of(
        Availability.read(jdbi, handle -> RepositoryView.list(handle, after, limit + 1)), limit);
  }

  /** See {@link Registry#tags}. */
  Outcome<Page<Tag>> tags(RepositoryName repository, Optional<String> after, int limit) {
    return Availability.read(
        jdbi,
        handle -> {
          List<Tag> found = TagView.list(handle, repository, after, limit + 1);
          return found.isEmpty() && !RepositoryView.exists(handle, repository)
              ? Outcome.refused(new Refusal.UnknownRepository(repository))
              : Outcome.ok(Page.of(found, limit));
        });
  }

  /** See {@link Registry#index}. */
  Outcome<ImageIndex> index(RepositoryName repository) {
    return Availability.read(
        jdbi,
        handle -> {
          List<Descriptor> manifests = TagView.index(handle, repository);
          return manifests.isEmpty() && !RepositoryView.exists(handle, repository)
              ? Outcome.refused(new Refusal.UnknownRepository(repository))
              : Outcome.ok(ImageIndex.of(manifests));
        });
  }

  /** See {@link Registry#blobs}. */
  Page<Digest> blobs(RepositoryName repository, Optional<Digest> after, int limit) {
    return Page.of(
        Availability.read(jdbi, handle -> BlobView.list(handle, repository, after, limit + 1)),
        limit);
  }

  /** See {@link Registry#referrers}. */
  Page<Descriptor> referrers(
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    ReferrerView.Listing listing =
        Availability.read(
            jdbi,
            handle -> ReferrerView.list(handle, repository, subject, artifactType, after, limit));
    return new Page<>(listing.referrers(), listing.more());
  }
}
