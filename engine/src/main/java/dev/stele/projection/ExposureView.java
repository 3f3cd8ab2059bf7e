package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.Manifest;
import dev.stele.oci.Tag;
import dev.stele.sql.Values;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;

/**
 * What the manifests that were ever put refer to, where they were, and who pulled them: all that it
 * takes to say where a digest is or was. It never forgets, and writes a statement a table for each
 * page of events, not one an event.
 */
final class ExposureView implements Projection {
  /** Its name among the followers of the log. */
  public static final String NAME = "exposure";

  /** The annotation by which a builder says what an image was built from. */
  private static final String BASE_DIGEST = "org.opencontainers.image.base.digest";

  /** More are written in parts: a manifest may have tens of thousands. */
  private static final int MOST_REFERENCES = 20_000;

  /** How a manifest refers to a digest. The names are in the database, in lower case. */
  public enum Kind {
    CONFIG,
    LAYER,
    /** It is an index that lists it, be it an image or, as in a build cache, a layer. */
    CHILD,
    SUBJECT,
    /** It says that it was built from it. */
    BASE;

    private static Kind of(Manifest.Role role) {
      return switch (role) {
        case CONFIG -> CONFIG;
        case LAYER -> LAYER;
        case CHILD -> CHILD;
      };
    }

    String column() {
      return switch (this) {
        case CONFIG -> "config";
        case LAYER -> "layer";
        case CHILD -> "child";
        case SUBJECT -> "subject";
        case BASE -> "base";
      };
    }
  }

  // In the order of each table's key, so that neighbours are written together.

  private record Reference(Digest digest, Digest manifest, String kind)
      implements Comparable<Reference> {
    private static final Comparator<Reference> ORDER =
        Comparator.comparing(Reference::digest)
            .thenComparing(Reference::manifest)
            .thenComparing(Reference::kind);

    @Override
    public int compareTo(Reference other) {
      return ORDER.compare(this, other);
    }
  }

  private record Place(Digest digest, String repository, long from, Instant at)
      implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparing(Place::digest)
            .thenComparing(Place::repository)
            .thenComparingLong(Place::from);

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }
  }

  private record Tagged(Digest digest, String repository, String tag, long from)
      implements Comparable<Tagged> {
    private static final Comparator<Tagged> ORDER =
        Comparator.comparing(Tagged::digest)
            .thenComparing(Tagged::repository)
            .thenComparing(Tagged::tag)
            .thenComparingLong(Tagged::from);

    @Override
    public int compareTo(Tagged other) {
      return ORDER.compare(this, other);
    }
  }

  private record Puller(Digest digest, String repository, String tag, UUID actor)
      implements Comparable<Puller> {
    private static final Comparator<Puller> ORDER =
        Comparator.comparing(Puller::digest)
            .thenComparing(Puller::repository)
            .thenComparing(Puller::tag)
            .thenComparing(Puller::actor);

    @Override
    public int compareTo(Puller other) {
      return ORDER.compare(this, other);
    }
  }

  private record BlobPuller(String repository, UUID actor) implements Comparable<BlobPuller> {
    private static final Comparator<BlobPuller> ORDER =
        Comparator.comparing(BlobPuller::repository).thenComparing(BlobPuller::actor);

    @Override
    public int compareTo(BlobPuller other) {
      return ORDER.compare(this, other);
    }
  }

  private record Pulls(long count, Instant first, Instant last) {
    /** Nodes observe for themselves, so an event may speak of earlier pulls than one before it. */
    Pulls and(Pulls other) {
      return new Pulls(
          count + other.count,
          first.isBefore(other.first) ? first : other.first,
          last.isAfter(other.last) ? last : other.last);
    }
  }

  private final ManifestDocuments documents;

  ExposureView(ManifestDocuments documents) {
    this.documents = documents;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<String> tables() {
    return List.of(
        "exposure_reference",
        "exposure_place",
        "exposure_tag",
        "exposure_pull",
        "exposure_blob_pull");
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    SortedSet<Digest> added = new TreeSet<>();
    SortedSet<Place> places = new TreeSet<>();
    SortedSet<Tagged> tags = new TreeSet<>();
    SortedMap<Puller, Pulls> pulls = new TreeMap<>();
    SortedMap<BlobPuller, Pulls> blobPulls = new TreeMap<>();
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.ManifestPut put -> {
          if (put.added()) {
            added.add(put.digest());
            places.add(
                new Place(
                    put.digest(),
                    put.repository().value(),
                    recorded.position(),
                    recorded.recordedAt()));
          }
        }
        case Event.TagMoved moved ->
            tags.add(
                new Tagged(
                    moved.digest(),
                    moved.repository().value(),
                    moved.tag().value(),
                    recorded.position()));
        case Event.TagRestored restored ->
            tags.add(
                new Tagged(
                    restored.digest(),
                    restored.repository().value(),
                    restored.tag().value(),
                    recorded.position()));
        case Event.PullsObserved pulled ->
            pulls.merge(
                new Puller(
                    pulled.digest(),
                    pulled.repository().value(),
                    pulled.tag().map(Tag::value).orElse(""),
                    recorded.actor().value()),
                new Pulls(pulled.count(), pulled.first(), pulled.last()),
                Pulls::and);
        case Event.BlobPullsObserved pulled ->
            blobPulls.merge(
                new BlobPuller(pulled.repository().value(), recorded.actor().value()),
                new Pulls(pulled.count(), pulled.first(), pulled.last()),
                Pulls::and);
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.ManifestDeleted _,
            Event.ManifestCollected _,
            Event.TagDeleted _,
            Event.OperatorEvent _ -> {}
      }
    }
    addReferences(transaction, added);
    writePlaces(transaction, places);
    writeTags(transaction, tags);
    writePulls(transaction, pulls);
    writeBlobPulls(transaction, blobPulls);
  }

  private void addReferences(Handle transaction, SortedSet<Digest> added) {
    SortedSet<Reference> references = new TreeSet<>();
    Set<Digest> missing = new TreeSet<>(added);
    documents.forEach(
        transaction,
        added,
        (digest, document) -> {
          missing.remove(digest);
          addReferences(references, digest, documents.manifest(digest, document));
          if (references.size() >= MOST_REFERENCES) {
            writeReferences(transaction, references);
            references.clear();
          }
        });
    if (!missing.isEmpty()) {
      throw ManifestDocuments.missing(missing.iterator().next());
    }
    writeReferences(transaction, references);
  }

  private static void addReferences(Set<Reference> references, Digest digest, Manifest manifest) {
    manifest.listed().forEach(each -> add(references, digest, each.digest(), Kind.of(each.role())));
    manifest.subject().ifPresent(about -> add(references, digest, about.digest(), Kind.SUBJECT));
    base(manifest).ifPresent(base -> add(references, digest, base, Kind.BASE));
  }

  private static void add(Set<Reference> references, Digest manifest, Digest to, Kind kind) {
    references.add(new Reference(to, manifest, kind.column()));
  }

  private static Optional<Digest> base(Manifest manifest) {
    String named = manifest.annotations().get(BASE_DIGEST);
    if (named == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Digest.parse(named));
    } catch (InvalidNameException e) {
      return Optional.empty(); // Clients may write what they like there.
    }
  }

  private static void writeReferences(Handle transaction, Collection<Reference> references) {
    if (references.isEmpty()) {
      return;
    }
    transaction
        .createUpdate(
            """
            INSERT INTO exposure_reference (digest, manifest, kind)
            SELECT digest, manifest, kind
            FROM unnest(:digests::bytea[], :manifests::bytea[], :kinds::text[]) AS new (digest, manifest, kind)
            ON CONFLICT DO NOTHING
            """)
        .bind("digests", digests(references, Reference::digest))
        .bind("manifests", digests(references, Reference::manifest))
        .bindArray("kinds", String.class, column(references, Reference::kind))
        .execute();
  }

  private static void writePlaces(Handle transaction, Collection<Place> places) {
    if (places.isEmpty()) {
      return;
    }
    transaction
        .createUpdate(
            """
            INSERT INTO exposure_place (digest, repository, from_position, from_at)
            SELECT digest, repository, from_position, from_at
            FROM unnest(:digests::bytea[], :repositories::text[], :positions::bigint[], :times::timestamptz[])
              AS new (digest, repository, from_position, from_at)
            """)
        .bind("digests", digests(places, Place::digest))
        .bindArray("repositories", String.class, column(places, Place::repository))
        .bindArray("positions", Long.class, column(places, Place::from))
        .bindArray("times", String.class, column(places, place -> written(place.at())))
        .execute();
  }

  private static void writeTags(Handle transaction, Collection<Tagged> tags) {
    if (tags.isEmpty()) {
      return;
    }
    transaction
        .createUpdate(
            """
            INSERT INTO exposure_tag (digest, repository, tag, from_position)
            SELECT digest, repository, tag, from_position
            FROM unnest(:digests::bytea[], :repositories::text[], :tags::text[], :positions::bigint[])
              AS new (digest, repository, tag, from_position)
            """)
        .bind("digests", digests(tags, Tagged::digest))
        .bindArray("repositories", String.class, column(tags, Tagged::repository))
        .bindArray("tags", String.class, column(tags, Tagged::tag))
        .bindArray("positions", Long.class, column(tags, Tagged::from))
        .execute();
  }

  private static void writePulls(Handle transaction, SortedMap<Puller, Pulls> pulls) {
    if (pulls.isEmpty()) {
      return;
    }
    transaction
        .createUpdate(
            """
            INSERT INTO exposure_pull AS old (digest, repository, tag, actor_id, pulls, first_at, last_at)
            SELECT digest, repository, tag, actor_id, pulls, first_at, last_at
            FROM unnest(:digests::bytea[], :repositories::text[], :tags::text[], :actors::uuid[], :counts::bigint[],
                        :firsts::timestamptz[], :lasts::timestamptz[])
              AS new (digest, repository, tag, actor_id, pulls, first_at, last_at)
            ON CONFLICT (digest, repository, tag, actor_id) DO UPDATE
              SET pulls = old.pulls + excluded.pulls,
                  first_at = least(old.first_at, excluded.first_at),
                  last_at = greatest(old.last_at, excluded.last_at)
            """)
        .bind("digests", digests(pulls.keySet(), Puller::digest))
        .bindArray("repositories", String.class, column(pulls.keySet(), Puller::repository))
        .bindArray("tags", String.class, column(pulls.keySet(), Puller::tag))
        .bindArray("actors", UUID.class, column(pulls.keySet(), Puller::actor))
        .bindArray("counts", Long.class, column(pulls.values(), Pulls::count))
        .bindArray("firsts", String.class, column(pulls.values(), p -> written(p.first())))
        .bindArray("lasts", String.class, column(pulls.values(), p -> written(p.last())))
        .execute();
  }

  private static void writeBlobPulls(Handle transaction, SortedMap<BlobPuller, Pulls> pulls) {
    if (pulls.isEmpty()) {
      return;
    }
    transaction
        .createUpdate(
            """
            INSERT INTO exposure_blob_pull AS old (repository, actor_id, pulls, first_at, last_at)
            SELECT repository, actor_id, pulls, first_at, last_at
            FROM unnest(:repositories::text[], :actors::uuid[], :counts::bigint[], :firsts::timestamptz[],
                        :lasts::timestamptz[])
              AS new (repository, actor_id, pulls, first_at, last_at)
            ON CONFLICT (repository, actor_id) DO UPDATE
              SET pulls = old.pulls + excluded.pulls,
                  first_at = least(old.first_at, excluded.first_at),
                  last_at = greatest(old.last_at, excluded.last_at)
            """)
        .bindArray("repositories", String.class, column(pulls.keySet(), BlobPuller::repository))
        .bindArray("actors", UUID.class, column(pulls.keySet(), BlobPuller::actor))
        .bindArray("counts", Long.class, column(pulls.values(), Pulls::count))
        .bindArray("firsts", String.class, column(pulls.values(), p -> written(p.first())))
        .bindArray("lasts", String.class, column(pulls.values(), p -> written(p.last())))
        .execute();
  }

  private static String written(Instant time) {
    return OffsetDateTime.ofInstant(time, ZoneOffset.UTC).toString();
  }

  private static <T> Argument digests(Collection<T> rows, Function<T, Digest> value) {
    return Values.digests(rows.stream().map(value).toList());
  }

  private static <T> Object[] column(Collection<T> rows, Function<T, ?> value) {
    return rows.stream().map(value).toArray();
  }
}
