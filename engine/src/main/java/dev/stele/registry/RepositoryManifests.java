package dev.stele.registry;

import dev.stele.oci.Digest;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.Listers;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ManifestView;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;

/**
 * How manifests come into repositories, are found there and go: everything that can be checked
 * before the lane is checked here. Thread-safe.
 */
final class RepositoryManifests {
  private final Jdbi jdbi;
  private final RegistryOptions options;
  private final Protection protection;
  private final ManifestDocuments documents;
  private final RepositoryBlobs blobs;
  private final Listings listings;
  private final CurrentTags currentTags;
  private final MandatoryAnnotations annotations;
  private final Actors actors;
  private final Commands commands;

  RepositoryManifests(
      Jdbi jdbi,
      RegistryOptions options,
      Protection protection,
      ManifestDocuments documents,
      RepositoryBlobs blobs,
      Listings listings,
      CurrentTags currentTags,
      Actors actors,
      Commands commands) {
    this.jdbi = jdbi;
    this.options = options;
    this.protection = protection;
    this.documents = documents;
    this.blobs = blobs;
    this.listings = listings;
    this.currentTags = currentTags;
    this.annotations = new MandatoryAnnotations(options.mandatoryAnnotations(), blobs);
    this.actors = actors;
    this.commands = commands;
  }

  /** See {@link Registry#manifest}. */
  Outcome<StoredManifest> find(RepositoryName repository, Reference reference) {
    Optional<ManifestView.Present> present =
        switch (reference) {
          case Tag tag -> currentTags.find(repository, tag);
          case Reference.ByDigest(Digest digest) -> blobs.promised(repository, digest).manifest();
        };
    if (present.isEmpty()) {
      return Outcome.refused(
          listings.exists(repository)
              ? new Refusal.UnknownManifest(repository, reference)
              : new Refusal.UnknownRepository(repository));
    }
    Digest digest = present.get().digest();
    byte[] bytes =
        documents
            .known(digest)
            .or(() -> Availability.read(jdbi, handle -> documents.find(handle, digest)))
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "the document of manifest " + digest + " is missing"));
    return Outcome.ok(new StoredManifest(digest, present.get().mediaType(), bytes));
  }

  /** See {@link Registry#putManifest}. */
  Outcome<PutManifest> put(
      Caller caller,
      RepositoryName repository,
      Reference reference,
      String mediaType,
      byte[] bytes,
      List<Tag> moreTags,
      Precondition precondition) {
    ReservedNames.check(repository);
    Manifest manifest;
    try {
      manifest = Manifest.parse(mediaType, bytes);
    } catch (InvalidManifestException e) {
      return Outcome.refused(new Refusal.InvalidManifest(e.getMessage()));
    }
    if (manifest.listed().size() > options.mostDescriptors()) {
      return Outcome.refused(
          new Refusal.InvalidManifest(
              "the manifest lists %d descriptors; this registry accepts %d (manifests.max-descriptors)"
                  .formatted(manifest.listed().size(), options.mostDescriptors())));
    }
    Digest digest;
    List<Tag> tags;
    switch (reference) {
      case Tag tag -> {
        digest = Digest.of(Digest.Algorithm.SHA256, bytes);
        tags = Stream.concat(Stream.of(tag), moreTags.stream()).distinct().toList();
      }
      case Reference.ByDigest(Digest expected) -> {
        digest = Digest.of(expected.algorithm(), bytes);
        tags = moreTags.stream().distinct().toList();
        if (!digest.equals(expected)) {
          return Outcome.refused(new Refusal.DigestMismatch(expected, digest));
        }
      }
    }
    Optional<Refusal> lacking = annotations.check(repository, manifest);
    if (lacking.isPresent()) {
      return Outcome.refused(lacking.get());
    }
    return commands.append(
        caller,
        new StoreManifest(
            actors.initiator(caller),
            repository,
            digest,
            manifest,
            MediaTypes.canonical(mediaType),
            bytes,
            tags,
            documents,
            options.sparseManifests(),
            protection,
            caller.movesTags(),
            precondition));
  }

  /** See {@link Registry#deleteTag}. */
  Outcome<Digest> delete(
      Caller caller, RepositoryName repository, Tag tag, Precondition precondition) {
    return commands.append(
        caller, new DeleteTag(actors.initiator(caller), repository, tag, protection, precondition));
  }

  /** See {@link Registry#deleteManifest}. */
  Outcome<Digest> delete(
      Caller caller, RepositoryName repository, Digest digest, Precondition precondition) {
    Protection.Immutable tags =
        Availability.read(
            jdbi,
            handle -> {
              Listers.readAhead(handle, repository);
              return protection.immutable(handle, repository, digest, -1);
            });
    if (tags.refusal().isPresent()) {
      return Outcome.refused(tags.refusal().get());
    }
    return commands.append(
        caller,
        new DeleteManifest(
            actors.initiator(caller),
            repository,
            digest,
            options.collisionDetection(),
            protection,
            tags.seen(),
            precondition));
  }
}
