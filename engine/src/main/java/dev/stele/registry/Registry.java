package dev.stele.registry;

import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStoreException;
import dev.stele.blob.BlobStores;
import dev.stele.blob.Chunk;
import dev.stele.blob.DigestMismatchException;
import dev.stele.blob.NoSuchObjectException;
import dev.stele.blob.ObjectKey;
import dev.stele.blob.StoreUnavailableException;
import dev.stele.blob.StoredObject;
import dev.stele.blob.UnknownUploadException;
import dev.stele.blob.UploadBusyException;
import dev.stele.blob.UploadId;
import dev.stele.event.ActorId;
import dev.stele.event.EventCodec;
import dev.stele.log.AppendLane;
import dev.stele.log.Command;
import dev.stele.log.ConnectionSource;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.BlobView;
import dev.stele.projection.InlineProjections;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ManifestView;
import dev.stele.projection.ReferrerView;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import dev.stele.projection.Verification;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry: everything that a client, an auditor or an embedding program can ask of it.
 *
 * <p>A write has been decided and is durable when its method returns: bytes in the blob store, the
 * event in the log, the views changed. A refusal is a result. When the database is away, methods
 * throw {@link RegistryUnavailableException}, when a store is, {@link StoreUnavailableException},
 * and nothing was acknowledged. All methods block and are safe for concurrent use.
 */
public final class Registry implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Registry.class);

  /** How long a client may take to follow a redirect; what has begun then goes on. */
  public static final Duration REDIRECT_VALIDITY = Duration.ofMinutes(15);

  private final Jdbi jdbi;
  private final BlobStores stores;
  private final RegistryOptions options;
  private final Actors actors;
  private final ManifestDocuments documents;
  private final LogSignal signal;
  private final AppendLane lane;
  private final EventCodec codec = new EventCodec();
  private final EventLog events;
  private final PullRecorder pulls;

  /**
   * Opens the registry over a migrated database.
   *
   * @param jdbi a pool of connections as the runtime role
   * @param connections the lane's and the listener's own connections, as the same role
   */
  public Registry(
      Jdbi jdbi,
      ConnectionSource connections,
      BlobStores stores,
      RegistryOptions options,
      MeterRegistry meters) {
    this.jdbi = jdbi;
    this.stores = stores.observed(meters);
    this.options = options;
    this.actors = new Actors(jdbi);
    this.documents = new ManifestDocuments();
    this.signal = new LogSignal(connections);
    this.lane =
        new AppendLane(connections, codec, new InlineProjections(documents), signal, meters);
    this.events = new EventLog(jdbi, codec, signal);
    this.pulls = new PullRecorder(options.pulls(), actors, lane, meters);
  }

  // ---- reading

  /** Whether the repository exists. */
  public boolean exists(RepositoryName repository) {
    return Availability.read(jdbi, handle -> RepositoryView.exists(handle, repository));
  }

  /** At most {@code limit} repositories whose names come after one, in byte order. */
  public Page<RepositoryName> repositories(Optional<String> after, int limit) {
    return Page.of(
        Availability.read(jdbi, handle -> RepositoryView.list(handle, after, limit + 1)), limit);
  }

  /** At most {@code limit} tags of a repository that come after one, in byte order. */
  public Outcome<Page<Tag>> tags(RepositoryName repository, Optional<String> after, int limit) {
    return Availability.read(
        jdbi,
        handle -> {
          List<Tag> found = TagView.list(handle, repository, after, limit + 1);
          return found.isEmpty() && !RepositoryView.exists(handle, repository)
              ? Outcome.refused(new Refusal.UnknownRepository(repository))
              : Outcome.ok(Page.of(found, limit));
        });
  }

  /** A manifest by tag or digest, with its exact bytes. */
  public Outcome<StoredManifest> manifest(RepositoryName repository, Reference reference) {
    return Availability.read(
        jdbi,
        handle -> {
          Optional<ManifestView.Present> present =
              switch (reference) {
                case Tag tag -> TagView.manifest(handle, repository, tag);
                case Reference.ByDigest(Digest digest) ->
                    ManifestView.byDigest(handle, repository, digest);
              };
          if (present.isEmpty()) {
            return Outcome.refused(
                RepositoryView.exists(handle, repository)
                    ? new Refusal.UnknownManifest(repository, reference)
                    : new Refusal.UnknownRepository(repository));
          }
          Digest digest = present.get().digest();
          byte[] bytes =
              documents
                  .find(handle, digest)
                  .orElseThrow(
                      () ->
                          new IllegalStateException(
                              "the document of manifest " + digest + " is missing"))
                  .bytes();
          return Outcome.ok(new StoredManifest(digest, present.get().mediaType(), bytes));
        });
  }

  /** The bytes of a blob, or of a manifest by its digest; the caller closes them. */
  public Outcome<BlobContent> blob(RepositoryName repository, Digest digest) throws IOException {
    BlobStores.Named store = stores.of(repository);
    Optional<BlobView.Located> located = locate(repository, digest);
    if (located.isPresent()) {
      try {
        BlobContent content = store.store().open(new ObjectKey(located.get().objectKey()));
        if (content.size() == located.get().size()) {
          return Outcome.ok(content);
        }
        content.close();
        logDamage(repository, digest, located.get(), "has " + content.size() + " bytes");
      } catch (NoSuchObjectException e) {
        logDamage(repository, digest, located.get(), "is missing");
      }
      return unknownBlob(repository, digest);
    }
    return switch (manifest(repository, new Reference.ByDigest(digest))) {
      case Outcome.Ok<StoredManifest>(StoredManifest manifest) ->
          Outcome.ok(new ManifestContent(manifest.bytes()));
      case Outcome.Refused<StoredManifest> _ -> unknownBlob(repository, digest);
    };
  }

  /**
   * Where anybody can get a blob's bytes, without asking this server, for {@link
   * #REDIRECT_VALIDITY}. Empty if the repository's store does not redirect, or has no such blob.
   */
  public Optional<URI> blobLocation(RepositoryName repository, Digest digest) throws IOException {
    BlobStores.Named store = stores.of(repository);
    if (!store.redirects()) {
      return Optional.empty();
    }
    Optional<BlobView.Located> located = locate(repository, digest);
    return located.isPresent() && intact(store, located.get())
        ? store.store().presigned(new ObjectKey(located.get().objectKey()), REDIRECT_VALIDITY)
        : Optional.empty();
  }

  /** The size in bytes of a blob, or of a manifest by its digest. */
  public Outcome<Long> blobSize(RepositoryName repository, Digest digest) throws IOException {
    Optional<BlobView.Located> located = locate(repository, digest);
    if (located.isPresent()) {
      if (intact(stores.of(repository), located.get())) {
        return Outcome.ok(located.get().size());
      }
      logDamage(repository, digest, located.get(), "is missing or has another size");
      return unknownBlob(repository, digest);
    }
    return switch (manifest(repository, new Reference.ByDigest(digest))) {
      case Outcome.Ok<StoredManifest>(StoredManifest manifest) ->
          Outcome.ok((long) manifest.bytes().length);
      case Outcome.Refused<StoredManifest> _ -> unknownBlob(repository, digest);
    };
  }

  private Optional<BlobView.Located> locate(RepositoryName repository, Digest digest) {
    String store = stores.of(repository).name();
    return Availability.read(jdbi, handle -> BlobView.find(handle, repository, digest, store));
  }

  private <T> Outcome<T> unknownBlob(RepositoryName repository, Digest digest) {
    return Outcome.refused(
        exists(repository)
            ? new Refusal.UnknownBlob(repository, digest)
            : new Refusal.UnknownRepository(repository));
  }

  private static boolean intact(BlobStores.Named store, BlobView.Located located)
      throws IOException {
    return store
        .store()
        .size(new ObjectKey(located.objectKey()))
        .equals(OptionalLong.of(located.size()));
  }

  private static void logDamage(
      RepositoryName repository, Digest digest, BlobView.Located located, String how) {
    logger.error(
        "blob {} of {} counts as absent: object {} of store {} {} (the log says {} bytes)",
        digest,
        repository,
        located.objectKey(),
        located.store(),
        how,
        located.size());
  }

  /**
   * At most {@code limit} referrers of a subject after a digest, in the order of digests. Empty for
   * anything unknown.
   */
  public Page<Descriptor> referrers(
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    return Page.of(
        Availability.read(
            jdbi,
            handle ->
                ReferrerView.list(handle, repository, subject, artifactType, after, limit + 1)),
        limit);
  }

  // ---- uploads

  /** Opens an upload session. */
  public UploadProgress beginUpload(RepositoryName repository, Digest.Algorithm hint)
      throws IOException {
    return new UploadProgress(stores.of(repository).store().begin(repository, hint), 0);
  }

  /** Where an upload stands. */
  public Outcome<UploadProgress> uploadStatus(RepositoryName repository, UploadId id)
      throws IOException {
    return uploading(
        id,
        () -> new UploadProgress(id, stores.of(repository).store().status(repository, id).size()));
  }

  /**
   * Appends a chunk; see {@link dev.stele.blob.BlobStore#append} for what a failing body leaves.
   */
  public Outcome<UploadProgress> appendChunk(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException {
    return uploading(
        id,
        () ->
            new UploadProgress(
                id, stores.of(repository).store().append(repository, id, chunk).size()));
  }

  /** Ends an upload session and discards its bytes. */
  public Outcome<Boolean> cancelUpload(RepositoryName repository, UploadId id) throws IOException {
    return uploading(
        id,
        () -> {
          stores.of(repository).store().cancel(repository, id);
          return true;
        });
  }

  /**
   * Appends the last chunk (perhaps empty), checks the digest, and makes the blob part of the
   * repository.
   */
  public Outcome<Digest> finishUpload(
      Caller caller, RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException {
    return uploading(
        id,
        () -> {
          StoredObject stored =
              stores.of(repository).store().finish(repository, id, last, expected);
          return link(caller, repository, expected, stored);
        });
  }

  /**
   * Uploads a whole blob at once.
   *
   * @param length how many bytes the body is declared to have, if it is
   */
  public Outcome<Digest> putBlob(
      Caller caller,
      RepositoryName repository,
      Digest expected,
      OptionalLong length,
      InputStream body)
      throws IOException {
    return uploading(
        UploadId.random(),
        () ->
            link(
                caller,
                repository,
                expected,
                stores.of(repository).store().put(expected, length, body)));
  }

  private Digest link(Caller caller, RepositoryName repository, Digest digest, StoredObject stored)
      throws IOException {
    BlobStores.Named store = stores.of(repository);
    boolean taken =
        append(
            new LinkBlob(
                actors.id(caller.actor()),
                caller.requestId(),
                repository,
                digest,
                stored.size(),
                store.name(),
                stored.key().value(),
                damaged(store, digest)));
    if (!taken) {
      discard(store, stored.key());
    }
    return digest;
  }

  /** The upload has succeeded, so what cannot be removed now is left to the collector. */
  private static void discard(BlobStores.Named store, ObjectKey key) {
    try {
      store.store().delete(List.of(key));
    } catch (IOException e) {
      logger.warn("object {} of store {} is not needed, but stays for now", key, store.name(), e);
    }
  }

  /** The object that the log has for this digest, if it is not there whole. */
  private Optional<String> damaged(BlobStores.Named store, Digest digest) throws IOException {
    Optional<BlobView.Located> present =
        Availability.read(jdbi, handle -> BlobView.stored(handle, digest, store.name()));
    return present.isPresent() && !intact(store, present.get())
        ? present.map(BlobView.Located::objectKey)
        : Optional.empty();
  }

  /** Something to do with an upload session, whose refusals are exceptions in the store. */
  @FunctionalInterface
  private interface SessionWork<T> {
    T run() throws IOException, BlobStoreException;
  }

  private static <T> Outcome<T> uploading(UploadId id, SessionWork<T> work) throws IOException {
    try {
      return Outcome.ok(work.run());
    } catch (BlobStoreException e) {
      return Outcome.refused(
          switch (e) {
            case UnknownUploadException _ -> new Refusal.UnknownUpload(id);
            case UploadBusyException _ -> new Refusal.UploadBusy(id);
            case BadRangeException range -> new Refusal.BadRange(id, range.size());
            case DigestMismatchException mismatch ->
                new Refusal.DigestMismatch(mismatch.expected(), mismatch.actual());
            case NoSuchObjectException missing ->
                throw new IllegalStateException("an upload reads no objects", missing);
          });
    }
  }

  /**
   * Makes a blob that the store has part of a repository, without its bytes being sent.
   *
   * @param from the repository that is known to have it; absent for any
   * @return false if it cannot be mounted, so that the client must upload it
   */
  public boolean mount(
      Caller caller, RepositoryName repository, Digest digest, Optional<RepositoryName> from)
      throws IOException {
    BlobStores.Named store = stores.of(repository);
    Optional<BlobView.Located> present =
        Availability.read(jdbi, handle -> BlobView.stored(handle, digest, store.name()));
    if (present.isEmpty() || !intact(store, present.get())) {
      return false;
    }
    return append(
        new MountBlob(
            actors.id(caller.actor()), caller.requestId(), repository, digest, from, store.name()));
  }

  // ---- manifests and deletions

  /**
   * Puts a manifest.
   *
   * @param reference a tag to move to it, or its digest
   * @param mediaType as declared by the client, without parameters
   * @param moreTags tags to move to it beside the reference
   */
  public Outcome<PutManifest> putManifest(
      Caller caller,
      RepositoryName repository,
      Reference reference,
      String mediaType,
      byte[] bytes,
      List<Tag> moreTags) {
    Manifest manifest;
    try {
      manifest = Manifest.parse(mediaType, bytes);
    } catch (InvalidManifestException e) {
      return Outcome.refused(new Refusal.InvalidManifest(e.getMessage()));
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
    return append(
        new StoreManifest(
            actors.id(caller.actor()),
            caller.requestId(),
            repository,
            digest,
            manifest,
            new ManifestDocuments.Document(mediaType, bytes),
            tags,
            documents,
            options.sparseManifests()));
  }

  /** Deletes a tag; the manifest stays. Returns what the tag pointed to. */
  public Outcome<Digest> deleteTag(Caller caller, RepositoryName repository, Tag tag) {
    return append(new DeleteTag(actors.id(caller.actor()), caller.requestId(), repository, tag));
  }

  /** Deletes a manifest and all tags that point to it. */
  public Outcome<Digest> deleteManifest(Caller caller, RepositoryName repository, Digest digest) {
    return append(
        new DeleteManifest(actors.id(caller.actor()), caller.requestId(), repository, digest));
  }

  /** Removes a blob from a repository; its bytes remain until swept. */
  public Outcome<Digest> deleteBlob(Caller caller, RepositoryName repository, Digest digest) {
    return append(
        new DeleteBlob(actors.id(caller.actor()), caller.requestId(), repository, digest));
  }

  private <R> R append(Command<R> command) {
    return Availability.guard(() -> lane.submit(command));
  }

  /**
   * Takes note that a manifest was pulled, as {@link RegistryOptions#pulls} says; see {@link
   * PullRecording} for when it is on record.
   *
   * @param tag by which; absent: by digest
   * @throws RegistryUnavailableException if every pull is to be recorded and this one cannot be
   */
  public void pulled(Caller caller, RepositoryName repository, Digest digest, Optional<Tag> tag) {
    pulls.pulled(caller, repository, digest, tag);
  }

  // ---- the registry's own work: retention and the like

  /**
   * Decides a command in the lane and appends what follows; returns when that is durable.
   *
   * @throws RegistryUnavailableException if the database is away
   */
  public <R> R submit(Command<R> command) {
    return append(command);
  }

  /** The id that the log has for a name, which becomes known with this call if need be. */
  public ActorId actorId(String name) {
    return actors.id(name);
  }

  // ---- the record

  /** At most {@code limit} events after a position (-1 for the start), in order. */
  public List<EventEntry> events(long after, int limit, EventFilter filter) {
    return events.list(after, limit, filter);
  }

  /**
   * Waits until there is an event after a position, or the time is over.
   *
   * @return the newest position; -1 for an empty log
   */
  public long awaitEvents(long after, Duration timeout) throws InterruptedException {
    return events.await(after, timeout);
  }

  /** A tag's history, newest first: at most {@code limit} periods that began before a position. */
  public Outcome<List<TagView.Period>> tagHistory(
      RepositoryName repository, Tag tag, int limit, Optional<Long> beforePosition) {
    return Availability.read(
        jdbi,
        handle -> {
          List<TagView.Period> periods =
              TagView.history(
                  handle, repository, tag, beforePosition.orElse(Long.MAX_VALUE), limit);
          if (!periods.isEmpty() || beforePosition.isPresent()) {
            return Outcome.ok(periods);
          }
          return Outcome.refused(
              RepositoryView.exists(handle, repository)
                  ? new Refusal.UnknownManifest(repository, tag)
                  : new Refusal.UnknownRepository(repository));
        });
  }

  /** Replays the log and compares the result with the live views. */
  public Verification.Report verifyProjections() {
    return Availability.guard(() -> new Verification(new LogReader(codec)).run(jdbi));
  }

  /**
   * Returns if the database and every store can be used.
   *
   * @throws RegistryUnavailableException saying which cannot, and why
   */
  public void checkReady() {
    Availability.read(jdbi, LogReader::nextPosition);
    for (BlobStores.Named store : stores.all()) {
      try {
        store.store().probe();
      } catch (IOException e) {
        throw new RegistryUnavailableException(e.getMessage(), e);
      }
    }
  }

  /**
   * Records the pulls that were counted and finishes the commands that are queued. The stores and
   * the database are the caller's to close.
   */
  @Override
  public void close() {
    pulls.close();
    lane.close();
    signal.close();
  }
}
