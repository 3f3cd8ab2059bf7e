package dev.stele.registry;

import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStoreException;
import dev.stele.blob.Chunk;
import dev.stele.blob.DigestMismatchException;
import dev.stele.blob.NoSuchObjectException;
import dev.stele.blob.UnknownUploadException;
import dev.stele.blob.UploadBusyException;
import dev.stele.blob.UploadId;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Uploads of blobs that arrive in pieces. A session is opened, is given chunks in order, and is
 * finished with the digest of the whole; until then its bytes are no blob of any repository.
 * Sessions survive a restart. Nothing of them is in the log before they are finished.
 *
 * <p>A session is used by one call at a time: another one meanwhile is refused as {@link
 * Refusal.UploadBusy}, but its status can be asked at any time. An id that the repository has no
 * open session of is refused as {@link Refusal.UnknownUpload}. Methods throw {@link
 * dev.stele.blob.BodyReadException} when the caller's stream fails and another {@link IOException}
 * when the store does. Safe for concurrent use.
 */
public final class UploadSessions {
  private final RepositoryBlobs blobs;
  private final Duration remembered;

  /** Those that a call is finishing, from its last chunk until it is recorded. */
  private final Set<UploadId> finishing = ConcurrentHashMap.newKeySet();

  /**
   * @param remembered how long a session that was finished is known, at least
   */
  UploadSessions(RepositoryBlobs blobs, Duration remembered) {
    this.blobs = blobs;
    this.remembered = remembered;
  }

  /**
   * Opens a session.
   *
   * @param hint the algorithm of the digest that it will probably be finished with; another one
   *     works too, but costs a second reading
   */
  public UploadProgress begin(RepositoryName repository, Digest.Algorithm hint) throws IOException {
    ReservedNames.check(repository);
    return new UploadProgress(store(repository).begin(repository, hint), 0);
  }

  /** Where an upload stands. */
  public Outcome<UploadProgress> status(RepositoryName repository, UploadId id) throws IOException {
    return accepted(
        id, () -> new UploadProgress(id, store(repository).status(repository, id).size()));
  }

  /**
   * Appends a chunk. One that does not begin where the upload stands, or is not as long as
   * declared, is refused as {@link Refusal.BadRange} and changes nothing; see {@link
   * BlobStore#append} for what a failing body leaves.
   */
  public Outcome<UploadProgress> append(RepositoryName repository, UploadId id, Chunk chunk)
      throws IOException {
    return accepted(
        id, () -> new UploadProgress(id, store(repository).append(repository, id, chunk).size()));
  }

  /** Ends a session and discards its bytes. */
  public Outcome<UploadId> cancel(RepositoryName repository, UploadId id) throws IOException {
    return accepted(
        id,
        () -> {
          store(repository).cancel(repository, id);
          return id;
        });
  }

  /**
   * Appends the last chunk (perhaps empty), checks the digest, and makes the blob part of the
   * repository. Bytes of another digest are discarded with the session and refused as {@link
   * Refusal.DigestMismatch}. Repeated with the same digest, since the answer was lost, it does
   * nothing and answers the same for a grace period, while the repository has the blob.
   */
  public Outcome<Digest> finish(
      Caller caller, RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException {
    if (!finishing.add(id)) {
      return Outcome.refused(new Refusal.UploadBusy(id));
    }
    try {
      return finishAlone(caller, repository, id, last, expected);
    } finally {
      finishing.remove(id);
    }
  }

  private Outcome<Digest> finishAlone(
      Caller caller, RepositoryName repository, UploadId id, Chunk last, Digest expected)
      throws IOException {
    Outcome<Digest> outcome =
        accepted(
            id,
            () ->
                blobs.link(
                    caller,
                    repository,
                    expected,
                    store(repository).finish(repository, id, last, expected),
                    Optional.of(new FinishedUpload(id, remembered))));
    boolean repeated =
        outcome.equals(Outcome.refused(new Refusal.UnknownUpload(id)))
            && blobs.finished(repository, id, expected);
    if (!repeated) {
      return outcome;
    }
    // Who sends the bytes again reads no answer before they are all sent.
    last.body().transferTo(OutputStream.nullOutputStream());
    return Outcome.ok(expected);
  }

  /** See {@link Registry#putBlob}. */
  Outcome<Digest> put(
      Caller caller,
      RepositoryName repository,
      Digest expected,
      OptionalLong length,
      InputStream body)
      throws IOException {
    ReservedNames.check(repository);
    return accepted(
        UploadId.random(),
        () ->
            blobs.link(
                caller,
                repository,
                expected,
                store(repository).put(expected, length, body),
                Optional.empty()));
  }

  private BlobStore store(RepositoryName repository) throws IOException {
    return blobs.writableStoreOf(repository).store();
  }

  /** Something to do with an upload session, whose refusals are exceptions in the store. */
  @FunctionalInterface
  private interface SessionWork<T> {
    T run() throws IOException, BlobStoreException;
  }

  private static <T> Outcome<T> accepted(UploadId id, SessionWork<T> work) throws IOException {
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
}
