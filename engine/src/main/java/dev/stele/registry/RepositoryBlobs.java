package dev.stele.registry;

import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStores;
import dev.stele.blob.NoSuchObjectException;
import dev.stele.blob.ObjectKey;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UploadId;
import dev.stele.claim.StoreClaims;
import dev.stele.claim.StoreRefusedException;
import dev.stele.event.BlobProblem;
import dev.stele.gc.Promises;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.BlobView;
import dev.stele.projection.Listers;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ManifestView;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blobs of repositories: the log says which there are and where they lie, the stores have the
 * bytes. A stored object that is not what the log says counts as absent, and an upload of its
 * content replaces it. A manifest of a repository can be read as a blob of it, and is its own blob:
 * if somebody uploaded its bytes as well, it is still read as what it is. Thread-safe.
 */
final class RepositoryBlobs {
  private static final Logger logger = LoggerFactory.getLogger(RepositoryBlobs.class);

  private final Jdbi jdbi;
  private final Promises promises;
  private final CurrentContents contents;
  private final BlobStores stores;
  private final StoreClaims claims;
  private final ManifestDocuments documents;
  private final Actors actors;
  private final Commands commands;

  RepositoryBlobs(
      Jdbi jdbi,
      Promises promises,
      CurrentContents contents,
      BlobStores stores,
      StoreClaims claims,
      ManifestDocuments documents,
      Actors actors,
      Commands commands) {
    this.jdbi = jdbi;
    this.promises = promises;
    this.contents = contents;
    this.stores = stores;
    this.claims = claims;
    this.documents = documents;
    this.actors = actors;
    this.commands = commands;
  }

  /** The store of a repository. */
  BlobStores.Named storeOf(RepositoryName repository) {
    return stores.of(repository);
  }

  /**
   * The store of a repository, to write to it.
   *
   * @throws RegistryUnavailableException if a store is not this log's
   * @throws IOException if one cannot be used
   */
  BlobStores.Named writableStoreOf(RepositoryName repository) throws IOException {
    try {
      Availability.<IOException>run(claims::require);
    } catch (StoreRefusedException e) {
      throw new RegistryUnavailableException(e.getMessage(), e);
    }
    return stores.of(repository);
  }

  /**
   * Opens a blob, unless the repository lacks it or it is damaged. The caller closes it, and may
   * count on the blob for a grace period.
   *
   * @throws IOException if the store fails
   */
  Outcome<BlobContent> open(RepositoryName repository, Digest digest) throws IOException {
    Content content = promised(repository, digest);
    if (content.manifest().isPresent()) {
      byte[] bytes =
          Availability.read(jdbi, handle -> documents.find(handle, digest)).orElseThrow();
      return Outcome.ok(new ManifestContent(content.manifest().get().mediaType(), bytes));
    }
    return orUnknown(
        repository,
        digest,
        content,
        open(repository, content.blob(), () -> asked(repository, digest).blob()));
  }

  private static <T> Outcome<T> orUnknown(
      RepositoryName repository, Digest digest, Content content, Optional<T> found) {
    return found
        .map(Outcome::ok)
        .orElseGet(
            () ->
                Outcome.refused(
                    content.repositoryExists()
                        ? new Refusal.UnknownBlob(repository, digest)
                        : new Refusal.UnknownRepository(repository)));
  }

  /**
   * As {@link #open}, whether the repository has the blob or only its store, and nobody may count
   * on it.
   */
  Optional<BlobContent> openStored(RepositoryName repository, Digest digest) throws IOException {
    Supplier<Optional<BlobView.Located>> lookUp = () -> stored(stores.of(repository), digest);
    return open(repository, lookUp.get(), lookUp);
  }

  private Optional<BlobContent> open(
      RepositoryName repository,
      Optional<BlobView.Located> first,
      Supplier<Optional<BlobView.Located>> lookUp)
      throws IOException {
    BlobStores.Named store = stores.of(repository);
    Optional<BlobView.Located> located = first;
    while (located.isPresent()) {
      BlobView.Located object = located.get();
      if (rotten(object)) {
        return Optional.empty();
      }
      String damage;
      try {
        BlobContent content = store.store().open(new ObjectKey(object.objectKey()));
        if (content.size() == object.size()) {
          return Optional.of(content);
        }
        damage = "has " + content.size() + " bytes";
        content.close();
      } catch (NoSuchObjectException e) {
        damage = "is missing";
      }
      located = stillThere(store, repository, lookUp, object, damage);
    }
    return Optional.empty();
  }

  /**
   * What is known of a blob, unless the repository lacks it or it is damaged. Whoever is told may
   * count on it for a grace period.
   *
   * @throws IOException if the store fails
   */
  Outcome<BlobFacts> facts(RepositoryName repository, Digest digest) throws IOException {
    Content content = promised(repository, digest);
    if (content.manifest().isPresent()) {
      ManifestView.Present manifest = content.manifest().get();
      return Outcome.ok(new BlobFacts(manifest.size(), Optional.of(manifest.mediaType())));
    }
    OptionalLong size = size(repository, content.blob(), () -> asked(repository, digest).blob());
    return orUnknown(
        repository,
        digest,
        content,
        size.isPresent()
            ? Optional.of(new BlobFacts(size.getAsLong(), Optional.empty()))
            : Optional.empty());
  }

  /**
   * The size in bytes of a blob that the repository has, or only its store; nobody may count on it.
   */
  OptionalLong storedSize(RepositoryName repository, Digest digest) throws IOException {
    Supplier<Optional<BlobView.Located>> lookUp = () -> stored(stores.of(repository), digest);
    return size(repository, lookUp.get(), lookUp);
  }

  /** From what the log says to what is really there, since an upload repairs what is not. */
  private OptionalLong size(
      RepositoryName repository,
      Optional<BlobView.Located> first,
      Supplier<Optional<BlobView.Located>> lookUp)
      throws IOException {
    BlobStores.Named store = stores.of(repository);
    Optional<BlobView.Located> located = first;
    while (located.isPresent()) {
      BlobView.Located object = located.get();
      if (intact(store, object)) {
        return OptionalLong.of(object.size());
      }
      located =
          stillThere(
              store,
              repository,
              lookUp,
              object,
              "is missing, of another size or known to be damaged");
    }
    return OptionalLong.empty();
  }

  /** See {@link Registry#blobLocation}. */
  Optional<URI> location(RepositoryName repository, Digest digest) throws IOException {
    BlobStores.Named store = stores.of(repository);
    if (!store.redirects()) {
      return Optional.empty();
    }
    Optional<BlobView.Located> located = promised(repository, digest).blob();
    return located.isPresent() && intact(store, located.get())
        ? store
            .store()
            .presigned(new ObjectKey(located.get().objectKey()), Registry.REDIRECT_VALIDITY)
        : Optional.empty();
  }

  /** What a repository has under a digest. Whoever asks may count on it for a grace period. */
  Content promised(RepositoryName repository, Digest digest) {
    return contents.find(repository, digest, () -> asked(repository, digest));
  }

  /** The same from the database, whatever was known. */
  private Content asked(RepositoryName repository, Digest digest) {
    return Availability.read(jdbi, handle -> promised(handle, repository, digest));
  }

  /** The same on a connection of the caller's. */
  Content promised(Handle handle, RepositoryName repository, Digest digest) {
    String store = stores.of(repository).name();
    return promises.give(
        handle,
        repository,
        digest,
        looking -> Content.find(looking, repository, digest, store, contents.renewal()),
        content -> content.due() && content.present());
  }

  /**
   * Where else the blob is, after an object was not found whole. Between the look-up and the
   * opening it may have been swept or replaced; only if the log still has that very object is it
   * damaged, unless the whole store is not there.
   *
   * @throws RegistryUnavailableException if the store is not this log's, such as an empty folder
   *     where a disk should be mounted
   * @throws IOException if it cannot be used
   */
  private Optional<BlobView.Located> stillThere(
      BlobStores.Named store,
      RepositoryName repository,
      Supplier<Optional<BlobView.Located>> lookUp,
      BlobView.Located object,
      String damage)
      throws IOException {
    Optional<BlobView.Located> now = lookUp.get();
    if (!now.equals(Optional.of(object))) {
      return now;
    }
    try {
      Availability.<IOException>run(() -> claims.verify(store));
    } catch (StoreRefusedException e) {
      throw new RegistryUnavailableException(e.getMessage(), e);
    }
    logger.error(
        "blob {} of {} counts as absent: object {} of store {} {} (the log says {} bytes)",
        object.digest(),
        repository,
        object.objectKey(),
        object.store(),
        damage,
        object.size());
    return Optional.empty();
  }

  private static boolean intact(BlobStores.Named store, BlobView.Located located)
      throws IOException {
    return !rotten(located)
        && store
            .store()
            .size(new ObjectKey(located.objectKey()))
            .equals(OptionalLong.of(located.size()));
  }

  /** Whether a check found the bytes to be others, which a look at the size does not show. */
  private static boolean rotten(BlobView.Located located) {
    return located.problem().filter(BlobProblem::hidden).isPresent();
  }

  /**
   * Records an upload whose bytes are durable in the repository's store.
   *
   * @param session that it arrived in, if it came in pieces
   */
  Digest link(
      Caller caller,
      RepositoryName repository,
      Digest digest,
      StoredObject stored,
      Optional<FinishedUpload> session)
      throws IOException {
    BlobStores.Named store = stores.of(repository);
    Optional<LinkBlob.Seen> seen = Optional.empty();
    while (true) {
      LinkBlob.Result result =
          commands.append(
              caller,
              new LinkBlob(
                  actors.initiator(caller),
                  repository,
                  digest,
                  stored.size(),
                  store.name(),
                  stored.key().value(),
                  seen,
                  session));
      switch (result) {
        case LinkBlob.Result.Taken(long position) -> {
          cover(store, position);
          return digest;
        }
        case LinkBlob.Result.NotNeeded(long position) -> {
          discard(store, stored.key());
          cover(store, position);
          return digest;
        }
        case LinkBlob.Result.Look(BlobView.Located object) ->
            seen = Optional.of(new LinkBlob.Seen(object.objectKey(), intact(store, object)));
        case LinkBlob.Result.GivenUp() ->
            throw new RegistryUnavailableException(
                "recording the upload took so long that the collector gave its bytes up; upload it"
                    + " again");
      }
    }
  }

  /**
   * INVARIANT: an upload is acknowledged only when the store knows that the log has been at its
   * event, so that no older copy of the log is ever taken for the one that has it.
   */
  private void cover(BlobStores.Named store, long position) throws IOException {
    try {
      Availability.<IOException>run(() -> claims.cover(store, position));
    } catch (StoreRefusedException e) {
      throw new RegistryUnavailableException(e.getMessage(), e);
    }
  }

  /**
   * Whether a repository has a blob since that session was finished with it. Whoever is told so may
   * count on it, as ever.
   */
  boolean finished(RepositoryName repository, UploadId id, Digest digest) throws IOException {
    return Availability.read(jdbi, handle -> FinishedUpload.digest(handle, repository, id))
            .equals(Optional.of(digest))
        && facts(repository, digest) instanceof Outcome.Ok;
  }

  /** The upload has succeeded, so what cannot be removed now is left to the collector. */
  private static void discard(BlobStores.Named store, ObjectKey key) {
    try {
      store.store().delete(List.of(key));
    } catch (IOException e) {
      logger.warn("object {} of store {} is not needed, but stays for now", key, store.name(), e);
    }
  }

  private Optional<BlobView.Located> stored(BlobStores.Named store, Digest digest) {
    return Availability.read(jdbi, handle -> BlobView.stored(handle, digest, store.name()));
  }

  /** See {@link Registry#mount}. */
  boolean mount(
      Caller caller, RepositoryName repository, Digest digest, Optional<RepositoryName> from)
      throws IOException {
    ReservedNames.check(repository);
    BlobStores.Named store = stores.of(repository);
    Optional<BlobView.Located> present = stored(store, digest);
    if (present.isEmpty() || !intact(store, present.get())) {
      return false;
    }
    return commands.append(
        caller, new MountBlob(actors.initiator(caller), repository, digest, from, store.name()));
  }

  /** See {@link Registry#deleteBlob}. */
  Outcome<Digest> delete(
      Caller caller, RepositoryName repository, Digest digest, Precondition precondition) {
    boolean _ =
        Availability.read(
            jdbi,
            handle -> {
              Listers.readAhead(handle, repository);
              return true;
            });
    return commands.append(
        caller, new DeleteBlob(actors.initiator(caller), repository, digest, precondition));
  }
}
