package dev.stele.projection;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Unnested;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * What events make reached that take nothing away, collected and written at once. Between two that
 * do, more and more is reached, whatever the order: so what is not reached in the end was not since
 * it came, and the rows are those that one event after the other would have left. For one
 * transaction.
 */
final class ReachAdditions {
  /** So many edges are written at once, and those of one manifest more. */
  private static final int MOST_EDGES = 20_000;

  /**
   * A manifest that a repository got.
   *
   * @param lists each digest that it lists, of a manifest or a blob
   */
  private record Manifest(RecordedEvent event, Optional<Digest> subject, List<Digest> lists) {}

  /** A manifest that is there now. */
  private record Present(Member<Digest> manifest, boolean reached) {}

  /** How a blob is used from here on. */
  private record Use(Member<Digest> blob, long users, boolean linked) {}

  /** Of what came, and was not reached since then. */
  private record Arrival(Member<Digest> member, String kind, RecordedEvent event) {}

  private final Handle transaction;
  private final Map<RepositoryName, Keeping> repositories = new LinkedHashMap<>();
  private final Set<BlobView.StoredIn> stored = new LinkedHashSet<>();
  private final Map<Member<Digest>, RecordedEvent> links = new LinkedHashMap<>();
  private final Map<Member<Digest>, Manifest> manifests = new LinkedHashMap<>();
  private final Map<Member<Digest>, Long> tags = new LinkedHashMap<>();
  private int edges;

  ReachAdditions(Handle transaction) {
    this.transaction = transaction;
  }

  /** A repository comes to be. */
  void repository(RepositoryName name, Keeping keeping) {
    repositories.put(name, keeping);
  }

  /** A store has the bytes of a digest. */
  void stored(Digest digest, String store) {
    stored.add(new BlobView.StoredIn(store, digest));
  }

  /** A repository gets a blob. */
  void link(RecordedEvent event, RepositoryName repository, Digest digest) {
    links.put(new Member<>(repository, digest), event);
  }

  /** A repository gets a manifest, which has no tag yet. */
  void manifest(
      RecordedEvent event,
      RepositoryName repository,
      Digest digest,
      Optional<Digest> subject,
      List<Digest> lists) {
    manifests.put(new Member<>(repository, digest), new Manifest(event, subject, lists));
    edges += lists.size() + 1;
    if (edges > MOST_EDGES) {
      write();
    }
  }

  /** A manifest has one tag more. */
  void tag(RepositoryName repository, Digest digest) {
    tags.merge(new Member<>(repository, digest), 1L, Long::sum);
  }

  /** A manifest that needs none has one tag fewer. */
  void untag(RepositoryName repository, Digest digest) {
    tags.merge(new Member<>(repository, digest), -1L, Long::sum);
  }

  /** Writes what was collected. */
  void write() {
    if (!repositories.isEmpty()) {
      writeRepositories();
    }
    if (!stored.isEmpty() || !links.isEmpty()) {
      writeContent();
    }
    if (!links.isEmpty() || !manifests.isEmpty() || !tags.isEmpty()) {
      writeGraph();
    }
    repositories.clear();
    stored.clear();
    links.clear();
    manifests.clear();
    tags.clear();
    edges = 0;
  }

  private void writeRepositories() {
    new Unnested<>(repositories.entrySet())
        .text("names", Map.Entry::getKey)
        .text("keepUntagged", each -> each.getValue().untagged())
        .text("keepReferrers", each -> each.getValue().referrers())
        .execute(
            transaction,
            """
            INSERT INTO reach_repository (name, keep_untagged, keep_referrers)
            SELECT * FROM unnest(:names::text[], :keepUntagged::boolean[], :keepReferrers::boolean[])
            """);
    HoldReach.cover(transaction, repositories.keySet());
  }

  /** Which content any repository has: links are counted whatever the store. */
  private void writeContent() {
    new Unnested<>(stored)
        .digests("digests", BlobView.StoredIn::digest)
        .text("stores", BlobView.StoredIn::store)
        .execute(
            transaction,
            """
            INSERT INTO reach_object (digest, store)
            SELECT * FROM unnest(:digests::bytea[], :stores::text[])
            ON CONFLICT DO NOTHING
            """);
    Map<Digest, Long> more = new LinkedHashMap<>();
    links.keySet().forEach(blob -> more.merge(blob.item(), 1L, Long::sum));
    new Unnested<>(more.entrySet())
        .digests("digests", Map.Entry::getKey)
        .number("links", Map.Entry::getValue)
        .execute(
            transaction,
            """
            WITH found AS (DELETE FROM unlinked WHERE digest = ANY (:digests))
            INSERT INTO reach_content (digest, links)
            SELECT * FROM unnest(:digests::bytea[], :links::bigint[])
            ON CONFLICT (digest) DO UPDATE SET links = reach_content.links + excluded.links
            """);
  }

  private void writeGraph() {
    writeEdges();
    Map<Boolean, List<Member<Digest>>> added =
        writeManifests().stream()
            .collect(groupingBy(Present::reached, mapping(Present::manifest, toList())));
    List<Member<Digest>> roots = added.getOrDefault(true, List.of());
    List<Member<Digest>> others = added.getOrDefault(false, List.of());
    List<Member<Digest>> found = new ArrayList<>(writeTags());
    Map<Member<Digest>, Long> users = writeBlobs(roots);
    found.addAll(below(roots));
    found.addAll(supported(others));
    found.stream()
        .collect(
            groupingBy(Member::repository, LinkedHashMap::new, mapping(Member::item, toList())))
        .forEach((repository, digests) -> ReachTrace.reach(transaction, repository, digests));
    List<Arrival> arrivals = new ArrayList<>();
    links.forEach(
        (blob, event) -> {
          if (!users.containsKey(blob)) {
            arrivals.add(new Arrival(blob, "blob", event));
          }
        });
    others.forEach(
        manifest ->
            arrivals.add(new Arrival(manifest, "manifest", manifests.get(manifest).event())));
    writeUnreachable(arrivals);
  }

  private void writeEdges() {
    List<Member<Liveness.Edge>> all = new ArrayList<>(edges);
    manifests.forEach(
        (member, manifest) ->
            Liveness.edges(member.item(), manifest.subject(), manifest.lists())
                .forEach(edge -> all.add(new Member<>(member.repository(), edge))));
    new Unnested<>(all)
        .text("repositories", Member::repository)
        .digests("parents", each -> each.item().parent())
        .digests("children", each -> each.item().child())
        .text("kinds", each -> each.item().kind().column())
        .execute(
            transaction,
            """
            INSERT INTO reach_edge (repository, parent, child, kind)
            SELECT * FROM unnest(:repositories::text[], :parents::bytea[], :children::bytea[], :kinds::text[])
            """);
  }

  /** Those that are roots are reached at once; from them is traced what else is. */
  private List<Present> writeManifests() {
    if (manifests.isEmpty()) {
      return List.of();
    }
    List<Present> added =
        new Unnested<>(manifests.entrySet())
            .text("repositories", each -> each.getKey().repository())
            .digests("digests", each -> each.getKey().item())
            .text("referrers", each -> each.getValue().subject().isPresent())
            .number("tags", each -> tags.getOrDefault(each.getKey(), 0L))
            .query(
                transaction,
                """
                INSERT INTO reach_manifest (repository, digest, referrer, keeps_itself, held, tags, reached)
                SELECT repository, digest, referrer, keeps_itself, held, tags, %s
                FROM (
                  SELECT m.repository, m.digest, m.referrer, m.tags,
                         %s AS keeps_itself,
                         %s AS held
                  FROM unnest(:repositories::text[], :digests::bytea[], :referrers::boolean[], :tags::bigint[])
                    AS m (repository, digest, referrer, tags)
                  CROSS JOIN LATERAL (
                    SELECT keep_untagged, keep_referrers FROM reach_repository
                    WHERE name = m.repository OFFSET 0) AS r) AS added
                RETURNING repository, digest, reached
                """
                    .formatted(
                        Liveness.root("added"),
                        Liveness.keepsItself("r.keep_untagged", "r.keep_referrers"),
                        Liveness.held("m.repository", "m.digest")),
                ReachAdditions::present);
    if (added.size() != manifests.size()) {
      throw new IllegalStateException("the log has manifests of repositories that are not there");
    }
    return added;
  }

  private static Present present(ResultSet row) throws SQLException {
    return new Present(Member.DIGEST.reader().read(row), row.getBoolean("reached"));
  }

  /** Tags of manifests that were there; returns those which are reached by that. */
  private List<Member<Digest>> writeTags() {
    List<Map.Entry<Member<Digest>, Long>> changed =
        tags.entrySet().stream().filter(each -> !manifests.containsKey(each.getKey())).toList();
    if (changed.isEmpty()) {
      return List.of();
    }
    List<Present> found =
        new Unnested<>(changed)
            .text("repositories", each -> each.getKey().repository())
            .digests("digests", each -> each.getKey().item())
            .number("more", Map.Entry::getValue)
            .query(
                transaction,
                """
                UPDATE reach_manifest m SET tags = m.tags + t.more
                FROM unnest(:repositories::text[], :digests::bytea[], :more::bigint[])
                  AS t (repository, digest, more)
                WHERE m.repository = t.repository AND m.digest = t.digest
                RETURNING m.repository, m.digest, m.reached OR NOT %s AS reached
                """
                    .formatted(Liveness.root("m")),
                ReachAdditions::present);
    if (found.size() != changed.size()) {
      throw new IllegalStateException(
          "the log moves tags from or to manifests that are not there: of "
              + changed.stream().map(Map.Entry::getKey).toList());
    }
    return found.stream().filter(each -> !each.reached()).map(Present::manifest).toList();
  }

  /** Blobs that came, and what manifests list that are reached at once; returns the latter. */
  private Map<Member<Digest>, Long> writeBlobs(List<Member<Digest>> roots) {
    Map<Member<Digest>, Long> users = new LinkedHashMap<>();
    for (Member<Digest> manifest : roots) {
      for (Digest child : manifests.get(manifest).lists()) {
        users.merge(new Member<>(manifest.repository(), child), 1L, Long::sum);
      }
    }
    Set<Member<Digest>> blobs = new LinkedHashSet<>(links.keySet());
    blobs.addAll(users.keySet());
    new Unnested<>(
            blobs.stream()
                .map(blob -> new Use(blob, users.getOrDefault(blob, 0L), links.containsKey(blob)))
                .toList())
        .text("repositories", use -> use.blob().repository())
        .digests("digests", use -> use.blob().item())
        .number("users", Use::users)
        .text("linked", Use::linked)
        .execute(
            transaction,
            """
            INSERT INTO reach_blob (repository, digest, users, linked, held)
            SELECT b.repository, b.digest, b.users, b.linked, b.linked AND %s
            FROM unnest(:repositories::text[], :digests::bytea[], :users::bigint[], :linked::boolean[])
              AS b (repository, digest, users, linked)
            ON CONFLICT (repository, digest) DO UPDATE
            SET users = reach_blob.users + excluded.users,
                linked = reach_blob.linked OR excluded.linked,
                held = reach_blob.held OR excluded.held
            """
                .formatted(Liveness.held("b.repository", "b.digest")));
    Set<String> grown = new LinkedHashSet<>();
    links.keySet().forEach(blob -> grown.add(blob.repository().value()));
    manifests.keySet().forEach(manifest -> grown.add(manifest.repository().value()));
    transaction
        .createUpdate("DELETE FROM unreachable WHERE repository = ANY (:grown) AND digest = ''")
        .bindArray("grown", String.class, grown)
        .execute();
    Member.unnested(users.keySet())
        .execute(
            transaction,
            """
            DELETE FROM unreachable u
            USING unnest(:repositories::text[], :digests::bytea[]) AS used (repository, digest)
            WHERE u.repository = used.repository AND u.digest = used.digest AND u.kind = 'blob'
            """);
    return users;
  }

  /** The manifests not reached that these keep alive. */
  private List<Member<Digest>> below(List<Member<Digest>> reached) {
    return find(
        reached,
        """
        SELECT DISTINCT m.repository, e.child
        FROM unnest(:repositories::text[], :digests::bytea[]) AS m (repository, digest)
        CROSS JOIN LATERAL (
          SELECT child FROM reach_edge WHERE repository = m.repository AND parent = m.digest OFFSET 0) AS e
        CROSS JOIN LATERAL (
          SELECT FROM reach_manifest
          WHERE repository = m.repository AND digest = e.child AND NOT reached OFFSET 0) AS below
        """);
  }

  /** Those that something reached keeps alive. */
  private List<Member<Digest>> supported(List<Member<Digest>> manifests) {
    return find(
        manifests,
        """
        SELECT m.repository, m.digest
        FROM unnest(:repositories::text[], :digests::bytea[]) AS m (repository, digest)
        WHERE EXISTS (
          SELECT FROM %s
          WHERE e.repository = m.repository AND e.child = m.digest)
        """
            .formatted(Liveness.reachedEdges()));
  }

  private List<Member<Digest>> find(List<Member<Digest>> of, String sql) {
    return Member.unnested(of).query(transaction, sql, row -> Member.DIGEST.reader().read(row));
  }

  private void writeUnreachable(List<Arrival> arrivals) {
    new Unnested<>(arrivals)
        .text("repositories", each -> each.member().repository())
        .digests("digests", each -> each.member().item())
        .text("kinds", Arrival::kind)
        .number("positions", each -> each.event().position())
        .time("times", each -> each.event().recordedAt())
        .execute(
            transaction,
            """
            INSERT INTO unreachable (repository, digest, kind, since, since_at)
            SELECT a.*
            FROM unnest(:repositories::text[], :digests::bytea[], :kinds::text[], :positions::bigint[],
                        :times::timestamptz[]) AS a (repository, digest, kind, since, since_at)
            WHERE CASE a.kind
              WHEN 'blob' THEN EXISTS (
                SELECT FROM reach_blob b
                WHERE b.repository = a.repository AND b.digest = a.digest AND b.users = 0 AND NOT b.held)
              ELSE EXISTS (
                SELECT FROM reach_manifest m
                WHERE m.repository = a.repository AND m.digest = a.digest AND NOT m.reached)
            END
            """);
  }
}
