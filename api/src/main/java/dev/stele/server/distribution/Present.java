package dev.stele.server.distribution;

import dev.stele.blob.BlobContent;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.TagView;
import dev.stele.registry.BlobFacts;
import dev.stele.registry.Caller;
import dev.stele.registry.Page;
import dev.stele.registry.Registry;
import dev.stele.registry.StoredManifest;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** The registry as it is. */
record Present(Registry registry) implements Reading {
  @Override
  public String root() {
    return "/v2/";
  }

  @Override
  public Page<RepositoryName> repositories(Optional<String> after, int limit) {
    return registry.repositories(after, limit);
  }

  @Override
  public Page<Tag> tags(RepositoryName repository, Optional<String> after, int limit) {
    return Refusals.accepted(registry.tags(repository, after, limit));
  }

  @Override
  public StoredManifest manifest(RepositoryName repository, Reference reference) {
    return Refusals.accepted(registry.manifest(repository, reference));
  }

  @Override
  public void pulled(Caller caller, RepositoryName repository, Digest digest, Reference reference) {
    Optional<Tag> by =
        switch (reference) {
          case Tag tag -> Optional.of(tag);
          case Reference.ByDigest _ -> Optional.empty();
        };
    registry.pulls().recordManifest(caller, repository, digest, by);
  }

  @Override
  public BlobContent blob(RepositoryName repository, Digest digest) throws IOException {
    return Refusals.accepted(registry.blob(repository, digest));
  }

  @Override
  public BlobFacts blobFacts(RepositoryName repository, Digest digest) throws IOException {
    return Refusals.accepted(registry.blobFacts(repository, digest));
  }

  @Override
  public Optional<URI> blobLocation(RepositoryName repository, Digest digest) throws IOException {
    return registry.blobLocation(repository, digest);
  }

  @Override
  public Page<Descriptor> referrers(
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    return registry.referrers(repository, subject, artifactType, after, limit);
  }

  @Override
  public List<TagView.Period> tagHistory(
      RepositoryName repository, Tag tag, int limit, Optional<Long> beforePosition) {
    return Refusals.accepted(registry.archive().tagHistory(repository, tag, limit, beforePosition));
  }
}
