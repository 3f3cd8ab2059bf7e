package dev.stele.gc;

import dev.stele.oci.Digest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which manifests of a set can go, and in which order, given who keeps whom alive. Pure. */
final class LivenessGraph {
  /**
   * A present manifest that keeps another alive: an index its children, a subject its referrers.
   */
  record Edge(Digest parent, Digest child) {}

  private LivenessGraph() {}

  /**
   * Drops from a set whatever is kept alive by a manifest outside of it, and what those keep alive
   * in turn. What is left can go as a whole.
   *
   * @param edges all that lead to members of the set from present manifests
   */
  static void retainClosed(Set<Digest> going, Collection<Edge> edges) {
    Map<Digest, List<Digest>> children = new HashMap<>();
    Deque<Digest> kept = new ArrayDeque<>();
    for (Edge edge : edges) {
      children.computeIfAbsent(edge.parent(), _ -> new ArrayList<>()).add(edge.child());
      if (!going.contains(edge.parent())) {
        kept.add(edge.parent());
      }
    }
    while (!kept.isEmpty()) {
      for (Digest child : children.getOrDefault(kept.remove(), List.of())) {
        if (going.remove(child)) {
          kept.add(child);
        }
      }
    }
  }

  /**
   * Splits a set that can go as a whole into batches that can go one after the other: whoever keeps
   * alive before whom it keeps alive. At most {@code limit} in a batch; but cycles, and what only
   * they keep alive, are the last batch, of whatever size.
   */
  static List<List<Digest>> batches(Collection<Digest> going, Collection<Edge> edges, int limit) {
    Set<Digest> left = new LinkedHashSet<>(going);
    Map<Digest, List<Digest>> children = new HashMap<>();
    Map<Digest, Integer> parents = new HashMap<>();
    for (Edge edge : new HashSet<>(edges)) {
      if (left.contains(edge.parent()) && left.contains(edge.child())) {
        children.computeIfAbsent(edge.parent(), _ -> new ArrayList<>()).add(edge.child());
        parents.merge(edge.child(), 1, Integer::sum);
      }
    }
    Deque<Digest> free = new ArrayDeque<>();
    left.stream().filter(digest -> !parents.containsKey(digest)).forEach(free::add);
    List<List<Digest>> batches = new ArrayList<>();
    List<Digest> batch = new ArrayList<>();
    while (!free.isEmpty()) {
      Digest digest = free.remove();
      left.remove(digest);
      batch.add(digest);
      if (batch.size() == limit) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      for (Digest child : children.getOrDefault(digest, List.of())) {
        if (parents.merge(child, -1, Integer::sum) == 0) {
          free.add(child);
        }
      }
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    if (!left.isEmpty()) {
      batches.add(List.copyOf(left));
    }
    return batches;
  }
}
