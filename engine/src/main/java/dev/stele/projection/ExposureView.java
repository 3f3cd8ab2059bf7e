package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.sql.Unnested;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * What the manifests that were ever put refer to, where they were, and who pulled them: all that it
 * takes to say where a digest is or was. It never forgets, and writes a statement a table for each
 * page of events, not one an event.
 */
public final class ExposureView implements Projection {
  /** Its name among the followers of the log. */
  public static final String NAME = "exposure";

  /** The annotation by which a builder says what an image was built from. */
  private static final String BASE_DIGEST = "org.opencontainers.image.base.digest";

  /** More are written in parts: a manifest may have tens of thousands. */
  private static final int MOST_REFERENCES = 20_000;

  /** SQL: whether a row of {@code exposure_reference} says that the manifest lists the digest. */
  public static final String LISTS =
      Stream.of(Manifest.Role.values())
          .map(ExposureView::kind)
          .collect(Collectors.joining("', '", "kind IN ('", "')"));

  /**
   * How a manifest refers to a digest.
   *
   * @param kind of what it lists, the role; else {@code subject}, or {@code base} if it says that
   *     it was built from it
   */
  private record Reference(Digest digest, Digest manifest, String kind) {}

  private record Place(RecordedEvent put, Event.ManifestPut manifest) {}

  private record Tagged(Member<Tag> tag, Digest digest, long from) {}

  private record Puller(Digest digest, RepositoryName repository, Optional<Tag> tag, UUID actor) {}

  private record BlobPuller(RepositoryName repository, UUID actor) {}

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
    Set<Digest> added = new LinkedHashSet<>();
    List<Place> places = new ArrayList<>();
    List<Tagged> tags = new ArrayList<>();
    Map<Puller, Pulls> pulls = new LinkedHashMap<>();
    Map<BlobPuller, Pulls> blobPulls = new LinkedHashMap<>();
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.ManifestPut put -> {
          if (put.added()) {
            added.add(put.digest());
            places.add(new Place(recorded, put));
          }
        }
        case Event.TagPointed pointed ->
            tags.add(
                new Tagged(
                    new Member<>(pointed.repository(), pointed.tag()),
                    pointed.digest(),
                    recorded.position()));
        case Event.PullsObserved pulled ->
            pulls.merge(
                new Puller(
                    pulled.digest(), pulled.repository(), pulled.tag(), recorded.actor().value()),
                new Pulls(pulled.count(), pulled.first(), pulled.last()),
                Pulls::and);
        case Event.BlobPullsObserved pulled ->
            blobPulls.merge(
                new BlobPuller(pulled.repository(), recorded.actor().value()),
                new Pulls(pulled.count(), pulled.first(), pulled.last()),
                Pulls::and);
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.ManifestRemoval _,
            Event.TagDeleted _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    addReferences(transaction, added);
    writePlaces(transaction, places);
    writeTags(transaction, tags);
    writePulls(transaction, pulls);
    writeBlobPulls(transaction, blobPulls);
  }

  private void addReferences(Handle transaction, Set<Digest> added) {
    Set<Reference> references = new LinkedHashSet<>();
    Set<Digest> missing = new LinkedHashSet<>(added);
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
    manifest.listed().forEach(each -> add(references, digest, each.digest(), kind(each.role())));
    manifest.subject().ifPresent(about -> add(references, digest, about.digest(), "subject"));
    base(manifest).ifPresent(base -> add(references, digest, base, "base"));
  }

  private static void add(Set<Reference> references, Digest manifest, Digest to, String kind) {
    references.add(new Reference(to, manifest, kind));
  }

  private static String kind(Manifest.Role role) {
    return role.name().toLowerCase(Locale.ROOT);
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

  // Each in the order in which the table's key begins, so that neighbours are written together.

  private static void writeReferences(Handle transaction, Collection<Reference> references) {
    new Unnested<>(references)
        .digests("digests", Reference::digest)
        .digests("manifests", Reference::manifest)
        .text("kinds", Reference::kind)
        .execute(
            transaction,
            """
            INSERT INTO exposure_reference (digest, manifest, kind)
            SELECT * FROM unnest(:digests::bytea[], :manifests::bytea[], :kinds::text[])
            ORDER BY 1, 2
            ON CONFLICT DO NOTHING
            """);
  }

  private static void writePlaces(Handle transaction, List<Place> places) {
    new Unnested<>(places)
        .digests("digests", place -> place.manifest().digest())
        .text("repositories", place -> place.manifest().repository())
        .number("positions", place -> place.put().position())
        .time("times", place -> place.put().recordedAt())
        .execute(
            transaction,
            """
            INSERT INTO exposure_place (digest, repository, from_position, from_at)
            SELECT * FROM unnest(
              :digests::bytea[], :repositories::text[], :positions::bigint[], :times::timestamptz[])
            ORDER BY 1
            """);
  }

  private static void writeTags(Handle transaction, List<Tagged> tags) {
    new Unnested<>(tags)
        .digests("digests", Tagged::digest)
        .text("repositories", each -> each.tag().repository())
        .text("tags", each -> each.tag().item())
        .number("positions", Tagged::from)
        .execute(
            transaction,
            """
            INSERT INTO exposure_tag (digest, repository, tag, from_position)
            SELECT * FROM unnest(:digests::bytea[], :repositories::text[], :tags::text[], :positions::bigint[])
            ORDER BY 1
            """);
  }

  private static void writePulls(Handle transaction, Map<Puller, Pulls> pulls) {
    counted(pulls)
        .digests("digests", each -> each.getKey().digest())
        .text("repositories", each -> each.getKey().repository())
        .text("tags", each -> each.getKey().tag().map(Tag::value).orElse(""))
        .id("actors", each -> each.getKey().actor())
        .execute(
            transaction,
            """
            INSERT INTO exposure_pull AS old (digest, repository, tag, actor_id, pulls, first_at, last_at)
            SELECT * FROM unnest(
              :digests::bytea[], :repositories::text[], :tags::text[], :actors::uuid[], :counts::bigint[],
              :firsts::timestamptz[], :lasts::timestamptz[])
            ORDER BY 1
            ON CONFLICT (digest, repository, tag, actor_id) DO UPDATE
            """
                + SUM);
  }

  private static void writeBlobPulls(Handle transaction, Map<BlobPuller, Pulls> pulls) {
    counted(pulls)
        .text("repositories", each -> each.getKey().repository())
        .id("actors", each -> each.getKey().actor())
        .execute(
            transaction,
            """
            INSERT INTO exposure_blob_pull AS old (repository, actor_id, pulls, first_at, last_at)
            SELECT * FROM unnest(
              :repositories::text[], :actors::uuid[], :counts::bigint[], :firsts::timestamptz[], :lasts::timestamptz[])
              AS pulled (repository)
            ORDER BY pulled.repository COLLATE "C"
            ON CONFLICT (repository, actor_id) DO UPDATE
            """
                + SUM);
  }

  private static final String SUM =
      """
      SET pulls = old.pulls + excluded.pulls,
          first_at = least(old.first_at, excluded.first_at),
          last_at = greatest(old.last_at, excluded.last_at)
      """;

  private static <T> Unnested<Map.Entry<T, Pulls>> counted(Map<T, Pulls> pulls) {
    return new Unnested<>(pulls.entrySet())
        .number("counts", each -> each.getValue().count())
        .time("firsts", each -> each.getValue().first())
        .time("lasts", each -> each.getValue().last());
  }
}
