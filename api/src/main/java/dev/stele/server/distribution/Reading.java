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
import dev.stele.registry.StoredManifest;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * What the read endpoints answer from: the registry as it is, or as it was at a moment. Methods
 * throw {@link dev.stele.server.http.RefusedRequestException} for what is not there. Thread-safe.
 */
interface Reading {
  /** How addresses begin that answer from the same; ends with a slash. */
  String root();

  Page<RepositoryName> repositories(Optional<String> after, int limit);

  Page<Tag> tags(RepositoryName repository, Optional<String> after, int limit);

  StoredManifest manifest(RepositoryName repository, Reference reference);

  /** Takes note that a manifest was pulled by that reference. */
  void pulled(Caller caller, RepositoryName repository, Digest digest, Reference reference);

  BlobContent blob(RepositoryName repository, Digest digest) throws IOException;

  BlobFacts blobFacts(RepositoryName repository, Digest digest) throws IOException;

  /** Where clients get the blob without this server; empty if they do not. */
  Optional<URI> blobLocation(RepositoryName repository, Digest digest) throws IOException;

  Page<Descriptor> referrers(
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit);

  List<TagView.Period> tagHistory(
      RepositoryName repository, Tag tag, int limit, Optional<Long> beforePosition);
}
