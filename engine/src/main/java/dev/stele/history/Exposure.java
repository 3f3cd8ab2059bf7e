package dev.stele.history;

import dev.stele.event.ActorId;
import dev.stele.log.AsOf;
import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ActorNames;
import dev.stele.registry.Archive;
import dev.stele.registry.Page;
import dev.stele.registry.Registry;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * Where a digest is and was, such as that of a layer or base image that is now known to be bad: in
 * which manifests, where those were and how they were tagged, and who pulled them. All of it is
 * known for ever, also of what was collected. Methods throw {@link
 * dev.stele.registry.RegistryUnavailableException} when the database is away. Thread-safe.
 */
public final class Exposure {
  private final Archive archive;

  /** The exposure of a registry. */
  public Exposure(Registry registry) {
    this.archive = registry.archive();
  }

  /**
   * Where a manifest was, and who pulled it: the first of each.
   *
   * @param places the repositories that had it
   * @param tags the periods during which a tag pointed to it
   * @param pulls by whom it was pulled
   */
  public record Where(Page<ExposedPlace> places, Page<TagPeriod> tags, Page<ActorPulls> pulls) {}

  /**
   * The last event so far. Returns when the views have it; what is asked then is known as of that
   * event, or a later one.
   *
   * @throws dev.stele.registry.RegistryUnavailableException also while the views are far behind it
   */
  public AsOf now() {
    long newest = archive.read(LogReader::nextPosition) - 1;
    archive.followExposure(newest);
    return new AsOf(new Moment.AtPosition(newest), newest);
  }

  /**
   * The manifests that have a digest, at most {@code limit}: its own, then those that name it or
   * are built on it, each followed by the indexes above it. An index is told of once for each image
   * in it. Costs as much as it tells of, however large the registry, and for a base image also as
   * much as there are images with its rarest layer between the ends of the page.
   */
  public ExposurePage manifests(Digest digest, Optional<ExposurePage.Key> after, int limit) {
    return archive.read(
        handle -> new ExposureWalk(handle, archive.documents(), digest, limit).after(after));
  }

  /** The first of each list, at most {@code limit}, for each of these manifests. */
  public Map<Digest, Where> where(Collection<Digest> manifests, int limit) {
    return archive.read(
        handle -> {
          Map<Digest, List<ExposedPlace>> places =
              places(handle, manifests, Optional.empty(), limit + 1);
          Map<Digest, List<TagPeriod>> tags = tags(handle, manifests, Optional.empty(), limit + 1);
          Map<Digest, List<ActorPulls>> pulls =
              pulls(handle, manifests, Optional.empty(), limit + 1);
          Map<Digest, Where> where = new HashMap<>();
          for (Digest manifest : manifests) {
            where.put(
                manifest,
                new Where(
                    page(places, manifest, limit),
                    page(tags, manifest, limit),
                    page(pulls, manifest, limit)));
          }
          return where;
        });
  }

  /** The repositories that had a manifest, in byte order, and from when until when. */
  public Page<ExposedPlace> places(Digest manifest, Optional<ExposedPlace> after, int limit) {
    return archive.read(
        handle -> page(places(handle, List.of(manifest), after, limit + 1), manifest, limit));
  }

  /**
   * The periods during which a tag pointed to a manifest, by repository and tag in byte order, then
   * from the oldest.
   */
  public Page<TagPeriod> tags(Digest manifest, Optional<TagPeriod> after, int limit) {
    return archive.read(
        handle -> page(tags(handle, List.of(manifest), after, limit + 1), manifest, limit));
  }

  /** Who pulled a manifest, by repository and tag in byte order; pulls by digest come first. */
  public Page<ActorPulls> pulls(Digest manifest, Optional<ActorPulls> after, int limit) {
    return archive.read(
        handle -> page(pulls(handle, List.of(manifest), after, limit + 1), manifest, limit));
  }

  private static <T> Page<T> page(Map<Digest, List<T>> lists, Digest manifest, int limit) {
    return Page.of(lists.getOrDefault(manifest, List.of()), limit);
  }

  private static Map<Digest, List<ExposedPlace>> places(
      Handle handle, Collection<Digest> manifests, Optional<ExposedPlace> after, int limit) {
    Query query =
        handle
            .createQuery(
                """
                SELECT wanted.digest, place.*, h.until_position, h.until_at, h.ended_by
                FROM unnest(:digests::bytea[]) AS wanted (digest)
                CROSS JOIN LATERAL (
                  SELECT repository, from_position, from_at FROM exposure_place p
                  WHERE p.digest = wanted.digest AND (p.repository, p.from_position) > (:repository, :position)
                  ORDER BY p.digest, p.repository, p.from_position
                  LIMIT :limit) AS place
                LEFT JOIN LATERAL (
                  SELECT until_position, until_at, ended_by FROM manifest_history h
                  WHERE h.repository = place.repository AND h.digest = wanted.digest
                    AND h.from_position = place.from_position
                  LIMIT 1) AS h ON true
                ORDER BY wanted.digest, place.repository, place.from_position
                """)
            .bind("repository", after.map(last -> last.repository().value()).orElse(""))
            .bind("position", after.map(last -> last.from().position()).orElse(-1L));
    return lists(
        query,
        manifests,
        limit,
        row ->
            new ExposedPlace(
                RepositoryName.parse(row.getString("repository")),
                Since.of(row, "from"),
                Since.ifAny(row, "until"),
                Optional.ofNullable(row.getString("ended_by"))));
  }

  private static Map<Digest, List<TagPeriod>> tags(
      Handle handle, Collection<Digest> manifests, Optional<TagPeriod> after, int limit) {
    Query query =
        handle
            .createQuery(
                """
                SELECT wanted.digest, period.*, f.opening AS from_opening, u.opening AS until_opening
                FROM unnest(:digests::bytea[]) AS wanted (digest)
                CROSS JOIN LATERAL (
                  SELECT repository, tag, from_position FROM exposure_tag t
                  WHERE t.digest = wanted.digest AND (t.repository, t.tag, t.from_position) > (:repository, :tag, :position)
                  ORDER BY t.digest, t.repository, t.tag, t.from_position
                  LIMIT :limit) AS tagged
                CROSS JOIN LATERAL (
                  SELECT repository, name, from_position, from_at, from_actor, until_position, until_at, until_actor,
                         ended_by
                  FROM tag_period h
                  WHERE h.repository = tagged.repository AND h.name = tagged.tag
                    AND h.from_position = tagged.from_position
                  LIMIT 1) AS period
                LEFT JOIN actor f ON f.id = period.from_actor
                LEFT JOIN actor u ON u.id = period.until_actor
                ORDER BY wanted.digest, period.repository, period.name, period.from_position
                """)
            .bind("repository", after.map(last -> last.repository().value()).orElse(""))
            .bind("tag", after.map(last -> last.tag().value()).orElse(""))
            .bind("position", after.map(last -> last.from().position()).orElse(-1L));
    return lists(query, manifests, limit, TagPeriod::of);
  }

  private static Map<Digest, List<ActorPulls>> pulls(
      Handle handle, Collection<Digest> manifests, Optional<ActorPulls> after, int limit) {
    Query query =
        handle
            .createQuery(
                """
                SELECT wanted.digest, pulled.*, a.opening, b.last_at AS last_blob_at
                FROM unnest(:digests::bytea[]) AS wanted (digest)
                CROSS JOIN LATERAL (
                  SELECT repository, tag, actor_id, pulls, first_at, last_at FROM exposure_pull p
                  WHERE p.digest = wanted.digest AND (p.repository, p.tag, p.actor_id) > (:repository, :tag, :actor)
                  ORDER BY p.digest, p.repository, p.tag, p.actor_id
                  LIMIT :limit) AS pulled
                LEFT JOIN actor a ON a.id = pulled.actor_id
                LEFT JOIN exposure_blob_pull b
                  ON b.repository = pulled.repository AND b.actor_id = pulled.actor_id AND b.last_at >= pulled.first_at
                ORDER BY wanted.digest, pulled.repository, pulled.tag, pulled.actor_id
                """)
            .bind("repository", after.map(last -> last.repository().value()).orElse(""))
            .bind("tag", after.flatMap(ActorPulls::tag).map(Tag::value).orElse(""))
            .bind("actor", after.map(last -> last.actorId().value()).orElse(new UUID(0, 0)));
    return lists(
        query,
        manifests,
        limit,
        row ->
            new ActorPulls(
                RepositoryName.parse(row.getString("repository")),
                Optional.of(row.getString("tag")).filter(tag -> !tag.isEmpty()).map(Tag::parse),
                new ActorId(row.getObject("actor_id", UUID.class)),
                ActorNames.read(row, "actor_id", "opening"),
                row.getLong("pulls"),
                Values.time(row, "first_at"),
                Values.time(row, "last_at"),
                Values.timeIfAny(row, "last_blob_at")));
  }

  private static <T> Map<Digest, List<T>> lists(
      Query query, Collection<Digest> manifests, int limit, Unnested.RowReader<T> reader) {
    Map<Digest, List<T>> lists = new HashMap<>();
    query
        .bind("digests", Values.digests(Set.copyOf(manifests)))
        .bind("limit", limit)
        .map(
            (row, _) ->
                lists
                    .computeIfAbsent(Values.digest(row, "digest"), _ -> new ArrayList<>())
                    .add(reader.read(row)))
        .list();
    return lists;
  }
}
