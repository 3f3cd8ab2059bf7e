package dev.stele.registry;

import dev.stele.blob.BlobContent;
import dev.stele.event.Why;
import dev.stele.log.AsOf;
import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.PutDocuments;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;

/**
 * What is kept of the past, whatever repositories have now. Nothing here is a promise: whoever
 * learns of content in this way may find it swept a moment later. Thread-safe.
 */
public final class Archive {
  /** How long a request waits for a view that is behind. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final Duration LONGEST_APPEND = Duration.ofSeconds(5);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

  private final Jdbi jdbi;
  private final RepositoryBlobs blobs;
  private final ManifestDocuments documents;
  private final ProjectionRunner history;
  private final ProjectionRunner exposure;

  Archive(
      Jdbi jdbi,
      RepositoryBlobs blobs,
      ManifestDocuments documents,
      ProjectionRunner history,
      ProjectionRunner exposure) {
    this.jdbi = jdbi;
    this.blobs = blobs;
    this.documents = documents;
    this.history = history;
    this.exposure = exposure;
  }

  /**
   * Works on the views and the log within one connection, as the runtime role, which may also write
   * to the database.
   *
   * @param work may run more than once
   * @throws RegistryUnavailableException if the database is away
   */
  public <T> T read(HandleCallback<T, RuntimeException> work) {
    return Availability.read(jdbi, work);
  }

  /**
   * What a moment means in the log. An instant that has passed means the same for ever; if events
   * are being appended that may belong before it, this waits for them, holding nothing.
   *
   * @throws RegistryUnavailableException if the database is away, or what is being appended takes
   *     long
   */
  public Outcome<AsOf> asOf(Moment moment) {
    long deadline = System.nanoTime() + LONGEST_APPEND.toNanos();
    while (true) {
      switch (read(handle -> LogReader.asOf(handle, moment))) {
        case LogReader.Placed.Known(AsOf asOf) -> {
          return Outcome.ok(asOf);
        }
        case LogReader.Placed.NotYet _ -> {
          return Outcome.refused(new Refusal.NotYet(moment, read(LogReader::nextPosition) - 1));
        }
        case LogReader.Placed.Unsettled _ -> pause(moment, deadline);
      }
    }
  }

  private static void pause(Moment moment, long deadline) {
    try {
      if (System.nanoTime() < deadline) {
        Thread.sleep(LOOK_AGAIN);
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new RegistryUnavailableException(
        "what had happened by %s is not certain yet: events are being recorded that may belong before"
                .formatted(moment)
            + " it; try again in a moment");
  }

  /**
   * Returns when the history view has the event at a position and all before it, which it follows
   * at some distance. While no node leads, whoever asks brings it nearer.
   *
   * @throws RegistryUnavailableException if the view is far behind, as it is when it is new
   */
  public void follow(long position) {
    follow(history, "history of the registry", position);
  }

  /** The same, for the view of where digests are and were, and for the history beside it. */
  public void followExposure(long position) {
    follow(position);
    follow(exposure, "view of where digests were", position);
  }

  /** Builds both to the end of the log, which takes long if nobody has done so before. */
  public void buildExposure() {
    long end = read(LogReader::nextPosition);
    for (ProjectionRunner view : List.of(history, exposure)) {
      while (!Availability.guard(() -> view.await(end - 1, PATIENCE))) {
        if (Thread.currentThread().isInterrupted()) {
          throw new RegistryUnavailableException("interrupted while a view was being built");
        }
      }
    }
  }

  private void follow(ProjectionRunner view, String what, long position) {
    if (!Availability.guard(() -> view.await(position, PATIENCE))) {
      throw new RegistryUnavailableException(
          "the %s is being built and has come to event %d of %d; try again later"
              .formatted(
                  what, Availability.guard(view::nextPosition), read(LogReader::nextPosition)));
    }
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

  /** Why what is recorded at these positions happened. */
  public Map<Long, Why> causes(Collection<Long> positions) {
    return read(handle -> LogReader.causes(handle, positions));
  }

  /** The exact bytes of a manifest that was ever put into any repository; not to be modified. */
  public Optional<byte[]> document(Digest digest) {
    return Availability.read(jdbi, handle -> documents.find(handle, digest));
  }

  /** What events name by its digest beside manifests, such as a retention policy. */
  public Optional<RecordDocuments.Document> recorded(Digest digest) {
    return Availability.read(jdbi, handle -> RecordDocuments.find(handle, digest));
  }

  /** The documents of all manifests that were ever put, for readers of several at once. */
  public PutDocuments documents() {
    // Not the documents themselves, to which the lane adds.
    return new PutDocuments() {
      @Override
      public Optional<byte[]> find(Handle handle, Digest digest) {
        return documents.find(handle, digest);
      }

      @Override
      public void forEach(
          Handle handle, Collection<Digest> digests, BiConsumer<Digest, byte[]> consumer) {
        documents.forEach(handle, digests, consumer);
      }
    };
  }

  /** The name of the store that has a repository's blobs. */
  public String store(RepositoryName repository) {
    return blobs.storeOf(repository).name();
  }

  /**
   * The bytes of a digest if the store of a repository has them whole, whoever they belong to; the
   * caller closes them.
   *
   * @throws IOException if the store fails
   */
  public Optional<BlobContent> open(RepositoryName repository, Digest digest) throws IOException {
    return blobs.openStored(repository, digest);
  }

  /**
   * The size in bytes of what {@link #open} opens.
   *
   * @throws IOException if the store fails
   */
  public OptionalLong size(RepositoryName repository, Digest digest) throws IOException {
    return blobs.storedSize(repository, digest);
  }
}
