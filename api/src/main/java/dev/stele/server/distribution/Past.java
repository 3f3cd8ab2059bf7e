package dev.stele.server.distribution;

import dev.stele.blob.BlobContent;
import dev.stele.history.History;
import dev.stele.history.PastTag;
import dev.stele.log.AsOf;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.TagView;
import dev.stele.registry.BlobFacts;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.StoredManifest;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The registry as it was at a moment.
 *
 * @param root how addresses of this moment begin
 * @param tells of which repositories whoever asks may know who did what
 */
record Past(
    Registry registry, History history, AsOf asOf, String root, Predicate<RepositoryName> tells)
    implements Reading {
  private <T> T accepted(RepositoryName repository, Outcome<T> outcome) {
    if (outcome instanceof Outcome.Refused<T>(Refusal refusal) && !tells.test(repository)) {
      throw Refusals.withoutStory(refusal).asException();
    }
    return Refusals.accepted(outcome);
  }

  @Override
  public Page<RepositoryName> repositories(Optional<String> after, int limit) {
    return history.repositories(asOf, after, limit);
  }

  @Override
  public Page<Tag> tags(RepositoryName repository, Optional<String> after, int limit) {
    Page<PastTag> page = Refusals.accepted(history.tags(asOf, repository, after, limit));
    return new Page<>(page.items().stream().map(PastTag::tag).toList(), page.more());
  }

  /**
   * An image that cannot be pulled whole any more is refused here, since clients such as podman
   * show people why a manifest is refused, but not why a blob is.
   */
  @Override
  public StoredManifest manifest(RepositoryName repository, Reference reference) {
    return accepted(repository, history.image(asOf, repository, reference));
  }

  /** On record without a tag: what the tag points to now was not pulled. */
  @Override
  public void pulled(Caller caller, RepositoryName repository, Digest digest, Reference reference) {
    registry.pulls().recordManifest(caller, repository, digest, Optional.empty());
  }

  @Override
  public BlobContent blob(RepositoryName repository, Digest digest) throws IOException {
    return accepted(repository, history.blob(asOf, repository, digest));
  }

  @Override
  public BlobFacts blobFacts(RepositoryName repository, Digest digest) throws IOException {
    return accepted(repository, history.blobFacts(asOf, repository, digest));
  }

  /** Never: a client that follows a redirect could not be told what became of the blob. */
  @Override
  public Optional<URI> blobLocation(RepositoryName repository, Digest digest) {
    return Optional.empty();
  }

  @Override
  public Page<Descriptor> referrers(
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    return history.referrers(asOf, repository, subject, artifactType, after, limit);
  }

  @Override
  public List<TagView.Period> tagHistory(
      RepositoryName repository, Tag tag, int limit, Optional<Long> beforePosition) {
    return Refusals.accepted(
        history.tagHistory(asOf, repository, tag, limit, beforePosition.orElse(Long.MAX_VALUE)));
  }
}
