package dev.stele.history;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.blob.BlobContent;
import dev.stele.log.AsOf;
import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.TagView;
import dev.stele.registry.Archive;
import dev.stele.registry.BlobFacts;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.ManifestContent;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.registry.StoredManifest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * The registry as it was. A moment is resolved once, by {@link #asOf}; what is then asked as of it
 * never changes, but for bytes that are swept later. Asking promises nothing: unlike the present,
 * the past can be collected while somebody looks at it.
 *
 * <p>Tags and manifests are known for ever. The bytes of a blob are there as long as the store of
 * the repository has them, whichever repository they belong to by now; after that, {@link
 * Refusal.BlobGone} says what became of them. Methods throw {@link RegistryUnavailableException}
 * when the database is away. Thread-safe.
 */
public final class History {
  private final Registry registry;
  private final Archive archive;

  /** The history of a registry. */
  public History(Registry registry) {
    this.registry = registry;
    this.archive = registry.archive();
  }

  /**
   * What a moment means in the log. Returns when the views have come so far.
   *
   * @throws RegistryUnavailableException also while the views are far behind the moment
   */
  public Outcome<AsOf> asOf(Moment moment) {
    Outcome<AsOf> placed = archive.asOf(moment);
    if (placed instanceof Outcome.Ok<AsOf>(AsOf asOf)) {
      archive.follow(asOf.position());
    }
    return placed;
  }

  /** The last event so far, as a moment. */
  public AsOf now() {
    long newest = archive.read(LogReader::nextPosition) - 1;
    archive.follow(newest);
    return new AsOf(new Moment.AtPosition(newest), newest);
  }

  /** At most {@code limit} repositories that existed and come after one, in byte order. */
  public Page<RepositoryName> repositories(AsOf asOf, Optional<String> after, int limit) {
    return Page.of(
        archive.read(handle -> PastQueries.repositories(handle, asOf.position(), after, limit + 1)),
        limit);
  }

  /** At most {@code limit} tags that a repository had and that come after one, in byte order. */
  public Outcome<Page<PastTag>> tags(
      AsOf asOf, RepositoryName repository, Optional<String> after, int limit) {
    return archive.read(
        handle -> {
          List<PastTag> found =
              PastQueries.tags(handle, repository, asOf.position(), after, limit + 1);
          return of(handle, asOf, repository, Page.of(found, limit));
        });
  }

  /** At most {@code limit} manifests that a repository had, after one in the order of digests. */
  public Outcome<Page<PastManifest>> manifests(
      AsOf asOf, RepositoryName repository, Optional<Digest> after, int limit) {
    return archive.read(
        handle -> {
          List<PastManifest> found =
              PastQueries.manifests(handle, repository, asOf.position(), after, limit + 1);
          return of(handle, asOf, repository, Page.of(found, limit));
        });
  }

  private static <T> Outcome<Page<T>> of(
      Handle handle, AsOf asOf, RepositoryName repository, Page<T> page) {
    return page.items().isEmpty() && !PastQueries.exists(handle, repository, asOf.position())
        ? Outcome.refused(new Refusal.NoRepositoryThen(repository, asOf))
        : Outcome.ok(page);
  }

  /**
   * At most {@code limit} referrers that a subject had, after one in the order of digests; fewer if
   * they are large. Empty for anything unknown.
   */
  public Page<Descriptor> referrers(
      AsOf asOf,
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    return archive.read(
        handle ->
            PastQueries.referrers(
                handle, repository, subject, asOf.position(), artifactType, after, limit));
  }

  /** What a tag pointed to. */
  public Outcome<PastTag> tag(AsOf asOf, RepositoryName repository, Tag tag) {
    return archive.read(
        handle ->
            PastQueries.tag(handle, repository, tag, asOf.position())
                .map(Outcome::ok)
                .orElseGet(() -> Outcome.refused(noManifest(handle, asOf, repository, tag))));
  }

  /**
   * A tag's history as it was then, newest first: at most {@code limit} periods that had begun, and
   * before a position. What ended later had not ended.
   */
  public Outcome<List<TagView.Period>> tagHistory(
      AsOf asOf, RepositoryName repository, Tag tag, int limit, long before) {
    return archive.read(
        handle -> {
          long end = Math.min(before, asOf.position() + 1);
          List<TagView.Period> periods =
              TagView.history(handle, repository, tag, end, limit).stream()
                  .map(period -> period.asOf(asOf.position()))
                  .toList();
          return periods.isEmpty() && before > asOf.position()
              ? Outcome.refused(noManifest(handle, asOf, repository, tag))
              : Outcome.ok(periods);
        });
  }

  /** A manifest that a repository had, by tag or digest. Its bytes are {@link #document}. */
  public Outcome<PastManifest> manifest(AsOf asOf, RepositoryName repository, Reference reference) {
    return archive.read(
        handle -> {
          Optional<Digest> digest =
              switch (reference) {
                case Tag tag ->
                    PastQueries.tag(handle, repository, tag, asOf.position()).map(PastTag::digest);
                case Reference.ByDigest(Digest given) -> Optional.of(given);
              };
          return digest
              .flatMap(found -> PastQueries.manifest(handle, repository, found, asOf.position()))
              .map(Outcome::ok)
              .orElseGet(() -> Outcome.refused(noManifest(handle, asOf, repository, reference)));
        });
  }

  /**
   * As {@link #manifest}, for a client that goes on to pull what the manifest lists: refused as
   * {@link Refusal.ImageGone} if the bytes of a blob among it are no longer kept.
   */
  public Outcome<StoredManifest> image(AsOf asOf, RepositoryName repository, Reference reference) {
    return switch (manifest(asOf, repository, reference)) {
      case Outcome.Refused<PastManifest>(Refusal refusal) -> Outcome.refused(refusal);
      case Outcome.Ok<PastManifest>(PastManifest found) -> {
        byte[] bytes = archive.document(found.digest()).orElseThrow();
        List<Digest> swept =
            archive.read(
                handle ->
                    PastQueries.swept(
                        handle,
                        repository,
                        archive.store(repository),
                        ManifestDocuments.read(found.digest(), bytes).references(),
                        asOf.position()));
        yield swept.isEmpty()
            ? Outcome.ok(new StoredManifest(found.digest(), found.mediaType(), bytes))
            : Outcome.refused(
                new Refusal.ImageGone(
                    reference,
                    swept,
                    gone(
                        asOf,
                        repository,
                        swept.getFirst(),
                        link(asOf, repository, swept.getFirst()).orElseThrow())));
      }
    };
  }

  private static Refusal noManifest(
      Handle handle, AsOf asOf, RepositoryName repository, Reference reference) {
    return PastQueries.exists(handle, repository, asOf.position())
        ? new Refusal.NoManifestThen(repository, reference, asOf)
        : new Refusal.NoRepositoryThen(repository, asOf);
  }

  /**
   * The exact bytes of a manifest that was ever put, not to be modified; kept after every
   * repository has lost it.
   */
  public Optional<byte[]> document(Digest digest) {
    return archive.document(digest);
  }

  /**
   * The bytes of a blob that a repository had, or of a manifest by its digest; the caller closes
   * them.
   *
   * @throws IOException if the store fails
   */
  public Outcome<BlobContent> blob(AsOf asOf, RepositoryName repository, Digest digest)
      throws IOException {
    Optional<PastManifest> manifest = manifest(asOf, repository, digest);
    if (manifest.isPresent()) {
      return Outcome.ok(
          new ManifestContent(manifest.get().mediaType(), archive.document(digest).orElseThrow()));
    }
    Optional<PastQueries.Link> link = link(asOf, repository, digest);
    if (link.isEmpty()) {
      return Outcome.refused(noBlob(asOf, repository, digest));
    }
    return archive
        .open(repository, digest)
        .map(Outcome::ok)
        .orElseGet(() -> Outcome.refused(gone(asOf, repository, digest, link.get())));
  }

  /**
   * What is known of a blob that a repository had, if it can still be read, or of a manifest by its
   * digest.
   *
   * @throws IOException if the store fails
   */
  public Outcome<BlobFacts> blobFacts(AsOf asOf, RepositoryName repository, Digest digest)
      throws IOException {
    Optional<PastManifest> manifest = manifest(asOf, repository, digest);
    if (manifest.isPresent()) {
      return Outcome.ok(
          new BlobFacts(manifest.get().size(), Optional.of(manifest.get().mediaType())));
    }
    Optional<PastQueries.Link> link = link(asOf, repository, digest);
    if (link.isEmpty()) {
      return Outcome.refused(noBlob(asOf, repository, digest));
    }
    OptionalLong size = archive.size(repository, digest);
    return size.isPresent()
        ? Outcome.ok(new BlobFacts(size.getAsLong(), Optional.empty()))
        : Outcome.refused(gone(asOf, repository, digest, link.get()));
  }

  private Optional<PastManifest> manifest(AsOf asOf, RepositoryName repository, Digest digest) {
    return archive.read(
        handle -> PastQueries.manifest(handle, repository, digest, asOf.position()));
  }

  /** Those of these digests that were manifests of a repository. */
  public Set<Digest> manifests(AsOf asOf, RepositoryName repository, Collection<Digest> digests) {
    return archive.read(
        handle -> PastQueries.manifests(handle, repository, digests, asOf.position()));
  }

  /** Those of these digests that a repository had as blobs. */
  public Set<Digest> blobs(AsOf asOf, RepositoryName repository, Collection<Digest> digests) {
    return archive.read(handle -> PastQueries.linked(handle, repository, digests, asOf.position()));
  }

  private Optional<PastQueries.Link> link(AsOf asOf, RepositoryName repository, Digest digest) {
    return archive.read(handle -> PastQueries.link(handle, repository, digest, asOf.position()));
  }

  private Refusal noBlob(AsOf asOf, RepositoryName repository, Digest digest) {
    return archive.read(handle -> PastQueries.exists(handle, repository, asOf.position()))
        ? new Refusal.NoBlobThen(repository, digest, asOf)
        : new Refusal.NoRepositoryThen(repository, asOf);
  }

  private Refusal.BlobGone gone(
      AsOf asOf, RepositoryName repository, Digest digest, PastQueries.Link link) {
    // Bytes that were swept before the view has heard of it would look damaged.
    AsOf now = now();
    Optional<Long> lost =
        link.until().or(() -> link(asOf, repository, digest).flatMap(PastQueries.Link::until));
    Optional<Long> swept =
        archive.read(
            handle ->
                PastQueries.swept(handle, archive.store(repository), digest, asOf.position()));
    if (swept.filter(position -> position <= now.position()).isEmpty()) {
      return new Refusal.BlobGone(repository, digest, asOf, List.of());
    }
    List<EventEntry> story = new ArrayList<>();
    for (long position : Stream.concat(lost.stream(), swept.stream()).toList()) {
      EventEntry event = event(position);
      if (story.isEmpty()) {
        since(event).map(this::event).ifPresent(story::add);
      }
      story.add(event);
    }
    return new Refusal.BlobGone(repository, digest, asOf, story);
  }

  /** The event after which nothing reached what the collector took. */
  private static Optional<Long> since(EventEntry event) {
    return Optional.ofNullable(event.data().get("unreachableSince"))
        .map(JsonNode::asText)
        .map(Long::valueOf);
  }

  private EventEntry event(long position) {
    return registry.log().events(position - 1, 1, EventFilter.ALL).getFirst();
  }

  /**
   * What changed in a repository from one moment to a later one: first tags in byte order, then
   * manifests in the order of digests, at most {@code limit} in all, after one of them. Costs as
   * much as happened in the repository in between.
   */
  public Outcome<Page<Change>> diff(
      AsOf from, AsOf to, RepositoryName repository, Optional<Change> after, int limit) {
    return archive.read(
        handle -> {
          List<Change> changes = new ArrayList<>();
          if (after.filter(Change.ManifestChange.class::isInstance).isEmpty()) {
            changes.addAll(
                PastQueries.tagChanges(
                    handle,
                    repository,
                    from.position(),
                    to.position(),
                    after.map(last -> ((Change.TagChange) last).tag().value()),
                    limit + 1));
          }
          if (changes.size() <= limit) {
            changes.addAll(
                PastQueries.manifestChanges(
                    handle,
                    repository,
                    from.position(),
                    to.position(),
                    after
                        .filter(Change.ManifestChange.class::isInstance)
                        .map(last -> ((Change.ManifestChange) last).digest()),
                    limit + 1 - changes.size()));
          }
          Supplier<Boolean> ever =
              () ->
                  PastQueries.exists(handle, repository, from.position())
                      || PastQueries.exists(handle, repository, to.position());
          return changes.isEmpty() && !ever.get()
              ? Outcome.refused(new Refusal.NoRepositoryThen(repository, to))
              : Outcome.ok(Page.of(changes, limit));
        });
  }

  /** When a repository was there, as far as is known now: its last stretches, newest first. */
  public List<Lifetime> lifetimes(RepositoryName repository, int limit) {
    now();
    return archive.read(handle -> Lifetime.ofRepository(handle, repository, limit));
  }

  /** When a repository had a manifest, as far as is known now, newest first. */
  public List<Lifetime> lifetimes(RepositoryName repository, Digest digest, int limit) {
    now();
    return archive.read(handle -> Lifetime.ofManifest(handle, repository, digest, limit));
  }
}
