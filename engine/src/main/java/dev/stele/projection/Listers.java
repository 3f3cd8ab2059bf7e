package dev.stele.projection;

import static java.util.stream.Collectors.toSet;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.log.LaneUnavailableException;
import dev.stele.log.LogCheckpoint;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Values;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Which present manifests of a repository list something. The answer is that of the moment,
 * although what manifests list is written down by a view that follows the log: the manifests that
 * were put since its checkpoint are read here, each once.
 *
 * <p>Good for one transaction: that of a command, or one that reads a snapshot. Not safe for use by
 * several threads.
 */
public final class Listers {
  /** How much is read at most, since it is done in the lane: manifests, and bytes of these. */
  private static final int MOST_UNSEEN = 5_000;

  private static final long MOST_UNSEEN_BYTES = 16L << 20;

  /** How many edges are followed at most to what keeps a manifest, for the same reason. */
  private static final int MOST_EDGES = 10_000;

  /**
   * What manifests list that were asked about lately. It follows from their digest alone, so it is
   * that of every repository and registry. As many descriptors as the most bytes can have.
   */
  private static final Cache<Digest, Set<Digest>> LISTS =
      Caffeine.newBuilder()
          .maximumWeight(150_000)
          .<Digest, Set<Digest>>weigher((_, lists) -> lists.size() + 1)
          .build();

  /**
   * A manifest that the view has not seen.
   *
   * @param position at which it was put
   */
  private record Unseen(Digest digest, long position, Set<Digest> lists) {}

  private record Recent(Digest digest, long position, long size) {}

  private final Handle handle;
  private final RepositoryName repository;
  private final List<Unseen> unseen = new ArrayList<>();

  /**
   * Reads what the view has not seen.
   *
   * @throws LaneUnavailableException if that is too much, so that the view has to come nearer first
   * @throws IllegalStateException if one of its documents is missing or was changed
   */
  public Listers(Handle handle, RepositoryName repository) {
    this.handle = handle;
    this.repository = repository;
    // The checkpoint first: the edges, asked for later, may be those of a later one, which does no
    // harm.
    List<Recent> recent = since(LogCheckpoint.read(handle, ReachabilityView.NAME).nextPosition());
    if (recent.size() > MOST_UNSEEN
        || recent.stream().mapToLong(Recent::size).sum() > MOST_UNSEEN_BYTES) {
      throw new LaneUnavailableException(
          "the view of what keeps what is behind by more than %d manifests or %d MiB of %s; try again"
              .formatted(MOST_UNSEEN, MOST_UNSEEN_BYTES >> 20, repository));
    }
    Map<Digest, Set<Digest>> lists = lists(recent.stream().map(Recent::digest).toList());
    for (Recent each : recent) {
      unseen.add(
          new Unseen(
              each.digest(),
              each.position(),
              Optional.ofNullable(lists.get(each.digest()))
                  .orElseThrow(() -> ManifestDocuments.missing(each.digest()))));
    }
  }

  private List<Recent> since(long position) {
    return handle
        .createQuery(
            """
            SELECT digest, put_position, size FROM manifest
            WHERE repository = :repository AND put_position >= :position
            LIMIT :limit
            """)
        .bind("repository", repository)
        .bind("position", position)
        .bind("limit", MOST_UNSEEN + 1)
        .map((row, _) -> new Recent(Values.digest(row, 1), row.getLong(2), row.getLong(3)))
        .list();
  }

  private Map<Digest, Set<Digest>> lists(Collection<Digest> manifests) {
    Map<Digest, Set<Digest>> lists = new HashMap<>(LISTS.getAllPresent(manifests));
    List<Digest> others = manifests.stream().filter(each -> !lists.containsKey(each)).toList();
    // The documents are asked for once, so they need not stay in the registry's cache.
    new ManifestDocuments()
        .forEach(
            handle,
            others,
            (digest, document) -> {
              Set<Digest> read =
                  new HashSet<>(ManifestDocuments.read(digest, document).references());
              LISTS.put(digest, read);
              lists.put(digest, read);
            });
    return lists;
  }

  /**
   * Reads beforehand what the view has not seen, outside of the lane, so that a command finds it
   * read.
   *
   * @throws LaneUnavailableException as the constructor
   */
  public static void readAhead(Handle handle, RepositoryName repository) {
    Listers _ = new Listers(handle, repository);
  }

  /** At most so many of the manifests that list a digest. */
  public List<Digest> of(Digest digest, int most) {
    return of(Set.of(digest), most).getOrDefault(digest, Set.of()).stream()
        .sorted()
        .limit(most)
        .toList();
  }

  /** Those of these digests that some manifest lists. */
  public Set<Digest> listed(Set<Digest> digests) {
    return of(digests, 1).keySet();
  }

  /**
   * The manifests that list these digests.
   *
   * @param enough how many of one digest will do; there may be more
   * @return without those that nobody lists
   */
  public Map<Digest, Set<Digest>> of(Set<Digest> digests, int enough) {
    Map<Digest, Set<Digest>> listers = new HashMap<>();
    for (Liveness.Edge edge : listing(digests, enough, Integer.MAX_VALUE)) {
      listers.computeIfAbsent(edge.child(), _ -> new HashSet<>()).add(edge.parent());
    }
    return listers;
  }

  /**
   * What keeps these alive: the manifests that list one, and its subject, if present.
   *
   * @param enough how many that list one will do; there may be more
   */
  public List<Liveness.Edge> parents(Set<Digest> digests, int enough) {
    return withSubjects(digests, listing(digests, enough, Integer.MAX_VALUE));
  }

  private List<Liveness.Edge> withSubjects(Set<Digest> digests, List<Liveness.Edge> edges) {
    ManifestView.presentSubjects(handle, repository, digests)
        .forEach(
            (referrer, subject) ->
                edges.add(new Liveness.Edge(subject, referrer, Liveness.Kind.SUBJECT)));
    return edges;
  }

  /**
   * @param each how many of one digest will do
   * @param all how many will do in all
   */
  private List<Liveness.Edge> listing(Set<Digest> digests, int each, int all) {
    List<Liveness.Edge> edges =
        new ArrayList<>(
            handle
                .createQuery(
                    """
                    SELECT lister.digest, listed.digest
                    FROM unnest(:digests::bytea[]) AS listed (digest)
                    CROSS JOIN LATERAL (
                      SELECT e.parent
                      FROM %s
                      WHERE e.repository = :repository AND e.child = listed.digest AND e.kind = 'lists'
                      LIMIT :each) AS lister (digest)
                    LIMIT :all
                    """
                        .formatted(Liveness.presentEdges("manifest")))
                .bind("repository", repository)
                .bind("digests", Values.digests(digests))
                .bind("each", each)
                .bind("all", all)
                .map((row, _) -> listing(Values.digest(row, 1), Values.digest(row, 2)))
                .list());
    for (Unseen lister : unseen) {
      boolean fewer = lister.lists().size() < digests.size();
      Set<Digest> others = fewer ? digests : lister.lists();
      (fewer ? lister.lists() : digests)
          .stream()
              .filter(others::contains)
              .forEach(listed -> edges.add(listing(lister.digest(), listed)));
    }
    return edges;
  }

  private static Liveness.Edge listing(Digest lister, Digest listed) {
    return new Liveness.Edge(lister, listed, Liveness.Kind.LISTS);
  }

  /**
   * Which of these beginnings of digests are those of something that a manifest lists which was put
   * at a position or after it.
   */
  public Set<String> listedSince(long position, Collection<String> beginnings) {
    Set<String> listed =
        new HashSet<>(
            handle
                .createQuery(
                    """
                    SELECT wanted.beginning
                    FROM unnest(:beginnings::text[], :firsts::bytea[], :lasts::bytea[])
                      AS wanted (beginning, first, last)
                    WHERE EXISTS (
                      SELECT FROM reach_edge e
                      JOIN manifest m ON m.repository = :repository AND m.digest = e.parent
                      WHERE e.repository = :repository AND e.kind = 'lists' AND m.put_position >= :position
                        AND e.child BETWEEN wanted.first AND wanted.last)
                    """)
                .bind("repository", repository)
                .bindArray("beginnings", String.class, beginnings)
                .bind("firsts", Values.firsts(beginnings))
                .bind("lasts", Values.lasts(beginnings))
                .bind("position", position)
                .mapTo(String.class)
                .list());
    Set<String> recent =
        unseen.stream()
            .filter(lister -> lister.position() >= position)
            .flatMap(lister -> lister.lists().stream())
            .map(Digest::toString)
            .collect(toSet());
    beginnings.stream()
        .filter(beginning -> recent.stream().anyMatch(digest -> digest.startsWith(beginning)))
        .forEach(listed::add);
    return listed;
  }

  /**
   * What keeps a manifest alive, itself included: the manifests that list it, its subject if that
   * is present, and what keeps those alive. Empty if there are more than so many, or if too much
   * lists these to tell.
   */
  public Optional<Set<Digest>> keepers(Digest manifest, int most) {
    Set<Digest> keepers = new LinkedHashSet<>(List.of(manifest));
    Set<Digest> last = Set.of(manifest);
    int followed = 0;
    while (!last.isEmpty()) {
      List<Liveness.Edge> edges = listing(last, MOST_EDGES, MOST_EDGES);
      followed += edges.size();
      Set<Digest> next =
          withSubjects(last, edges).stream().map(Liveness.Edge::parent).collect(toSet());
      next.removeAll(keepers);
      keepers.addAll(next);
      if (keepers.size() > most || followed >= MOST_EDGES) {
        return Optional.empty();
      }
      last = next;
    }
    return Optional.of(keepers);
  }
}
