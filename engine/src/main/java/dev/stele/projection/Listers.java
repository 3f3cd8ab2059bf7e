package dev.stele.projection;

import static java.util.stream.Collectors.toSet;

import dev.stele.log.LaneUnavailableException;
import dev.stele.log.LogCheckpoint;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Which present manifests of a repository list something. The answer is that of the moment,
 * although what manifests list is written down by a view that follows the log: the manifests that
 * were put since its checkpoint are read here.
 *
 * <p>Good for one transaction: that of a command, or one that reads a snapshot. Not safe for use by
 * several threads.
 */
public final class Listers {
  /** How much is read at most, in bytes: it is done in the lane. */
  private static final long MOST_UNSEEN = 16L << 20;

  /**
   * A manifest that the view has not seen.
   *
   * @param position at which it was put
   */
  private record Unseen(Digest digest, long position) {}

  private final Handle handle;
  private final RepositoryName repository;

  /** By what they list. */
  private final Map<Digest, List<Unseen>> unseen = new HashMap<>();

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
    long seen = LogCheckpoint.read(handle, ReachabilityView.NAME).nextPosition();
    Map<Digest, Unseen> recent = new HashMap<>();
    long bytes = 0;
    for (Map.Entry<Unseen, Long> each : since(seen)) {
      recent.put(each.getKey().digest(), each.getKey());
      bytes += each.getValue();
    }
    if (bytes > MOST_UNSEEN) {
      throw new LaneUnavailableException(
          "the view of what keeps what is behind by more than %d MiB of manifests of %s; try again"
              .formatted(MOST_UNSEEN >> 20, repository));
    }
    // Those are asked for once, so they need not stay in the registry's cache.
    new ManifestDocuments()
        .forEach(
            handle,
            recent.keySet(),
            (digest, document) -> {
              Unseen lister = recent.remove(digest);
              for (Digest listed : ManifestDocuments.read(digest, document).references()) {
                unseen.computeIfAbsent(listed, _ -> new ArrayList<>()).add(lister);
              }
            });
    if (!recent.isEmpty()) {
      throw ManifestDocuments.missing(recent.keySet().iterator().next());
    }
  }

  /** With their sizes; one more byte than is read is enough. */
  private List<Map.Entry<Unseen, Long>> since(long position) {
    return handle
        .createQuery(
            """
            SELECT digest, put_position, size FROM manifest
            WHERE repository = :repository AND put_position >= :position
            LIMIT :limit
            """)
        .bind("repository", repository.value())
        .bind("position", position)
        .bind("limit", MOST_UNSEEN / 2 + 1) // "{}" is the least that a manifest can be
        .map(
            (row, _) ->
                Map.entry(
                    new Unseen(Digest.parse(row.getString(1)), row.getLong(2)), row.getLong(3)))
        .list();
  }

  /** At most so many of the manifests that list a digest. */
  public List<Digest> of(Digest digest, int most) {
    return of(List.of(digest), most).getOrDefault(digest, Set.of()).stream()
        .sorted()
        .limit(most)
        .toList();
  }

  /** Those of these digests that some manifest lists. */
  public Set<Digest> listed(Collection<Digest> digests) {
    return of(digests, 1).keySet();
  }

  /**
   * The manifests that list these digests.
   *
   * @param enough how many of one digest will do; there may be more
   * @return without those that nobody lists
   */
  public Map<Digest, Set<Digest>> of(Collection<Digest> digests, int enough) {
    Map<Digest, Set<Digest>> listers = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT listed.digest, lister.digest
            FROM unnest(:digests::text[]) AS listed (digest)
            CROSS JOIN LATERAL (
              SELECT e.parent
              FROM reach_edge e
              CROSS JOIN LATERAL (
                SELECT FROM manifest WHERE repository = :repository AND digest = e.parent OFFSET 0) AS present
              WHERE e.repository = :repository AND e.child = listed.digest COLLATE "C" AND e.kind = 'lists'
              LIMIT :enough) AS lister (digest)
            """)
        .bind("repository", repository.value())
        .bindArray("digests", String.class, digests.stream().map(Digest::toString).toList())
        .bind("enough", enough)
        .map((row, _) -> Map.entry(Digest.parse(row.getString(1)), Digest.parse(row.getString(2))))
        .forEach(each -> add(listers, each.getKey(), each.getValue()));
    for (Digest digest : digests) {
      unseen
          .getOrDefault(digest, List.of())
          .forEach(lister -> add(listers, digest, lister.digest()));
    }
    return listers;
  }

  private static void add(Map<Digest, Set<Digest>> listers, Digest digest, Digest lister) {
    listers.computeIfAbsent(digest, _ -> new HashSet<>()).add(lister);
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
                    FROM unnest(:beginnings::text[]) AS wanted (beginning)
                    WHERE EXISTS (
                      SELECT FROM reach_edge e
                      JOIN manifest m ON m.repository = :repository AND m.digest = e.parent
                      WHERE e.repository = :repository AND e.kind = 'lists' AND m.put_position >= :position
                        AND e.child >= wanted.beginning COLLATE "C" AND e.child < wanted.beginning || 'g' COLLATE "C")
                    """)
                .bind("repository", repository.value())
                .bindArray("beginnings", String.class, beginnings)
                .bind("position", position)
                .mapTo(String.class)
                .list());
    Set<String> recent =
        unseen.entrySet().stream()
            .filter(each -> each.getValue().stream().anyMatch(by -> by.position() >= position))
            .map(each -> each.getKey().toString())
            .collect(toSet());
    beginnings.stream()
        .filter(beginning -> recent.stream().anyMatch(digest -> digest.startsWith(beginning)))
        .forEach(listed::add);
    return listed;
  }

  /**
   * What keeps a manifest alive, itself included: the manifests that list it, its subject if that
   * is present, and what keeps those alive. About {@code enough}, whichever are nearest, if there
   * are more.
   */
  public Set<Digest> keepers(Digest manifest, int enough) {
    Set<Digest> keepers = new LinkedHashSet<>(List.of(manifest));
    Set<Digest> last = Set.of(manifest);
    while (!last.isEmpty() && keepers.size() < enough) {
      Set<Digest> next = new LinkedHashSet<>();
      of(last, enough).values().forEach(next::addAll);
      next.addAll(ManifestView.presentSubjects(handle, repository, last).values());
      next.removeAll(keepers);
      keepers.addAll(next);
      last = next;
    }
    return keepers;
  }
}
