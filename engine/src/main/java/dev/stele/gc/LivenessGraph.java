package dev.stele.gc;

import dev.stele.oci.Digest;
import dev.stele.projection.Liveness;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Which manifests of a set can go, and in which order, given who keeps whom alive. Pure. */
final class LivenessGraph {
  /**
   * What can go at once.
   *
   * @param ofCycle whether others, which go before or after it, keep these alive and are kept alive
   *     by them
   */
  record Batch(List<Digest> digests, boolean ofCycle) {}

  private LivenessGraph() {}

  /**
   * Drops from a set whatever is kept alive by a manifest outside of it, and what those keep alive
   * in turn. What is left can go as a whole.
   *
   * @param edges all that lead to members of the set from present manifests
   */
  static void retainClosed(Set<Digest> going, Collection<Liveness.Edge> edges) {
    Map<Digest, List<Digest>> children = new HashMap<>();
    Deque<Digest> kept = new ArrayDeque<>();
    for (Liveness.Edge edge : edges) {
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
   * Splits a set that can go as a whole into batches of at most {@code limit} that can go one after
   * the other: whoever keeps alive before or with whom it keeps alive.
   *
   * <p>Those that keep each other alive are together, unless they are more than fit a batch. Then
   * they go in the order in which they refer to each other: listers before what they list,
   * referrers before their subjects. That order always exists, since what is referred to had its
   * digest first, and at no point does one that is there refer to one that is gone.
   */
  static List<Batch> batches(Collection<Digest> going, Collection<Liveness.Edge> edges, int limit) {
    Set<Liveness.Edge> distinct = new HashSet<>(edges);
    List<Batch> batches = new ArrayList<>();
    List<Digest> batch = new ArrayList<>();
    for (List<Digest> together :
        new Components(going, within(going, distinct, _ -> true)).parentsFirst()) {
      if (!batch.isEmpty() && batch.size() + together.size() > limit) {
        batches.add(new Batch(batch, false));
        batch = new ArrayList<>();
      }
      if (together.size() > limit) {
        List<Digest> ordered = referringFirst(together, distinct);
        for (int from = 0; from < ordered.size(); from += limit) {
          batches.add(
              new Batch(ordered.subList(from, Math.min(from + limit, ordered.size())), true));
        }
      } else {
        batch.addAll(together);
      }
    }
    if (!batch.isEmpty()) {
      batches.add(new Batch(batch, false));
    }
    return batches;
  }

  private static List<Digest> referringFirst(List<Digest> together, Set<Liveness.Edge> edges) {
    return new Components(
            together, within(together, edges, edge -> edge.kind() == Liveness.Kind.LISTS))
        .parentsFirst().stream().flatMap(List::stream).toList();
  }

  /**
   * Whom each of some leads to.
   *
   * @param forward whether an edge leads from the parent to the child, else the other way
   */
  private static Map<Digest, List<Digest>> within(
      Collection<Digest> some, Set<Liveness.Edge> edges, Predicate<Liveness.Edge> forward) {
    Set<Digest> all = new HashSet<>(some);
    Map<Digest, List<Digest>> next = new HashMap<>();
    for (Liveness.Edge edge : edges) {
      if (all.contains(edge.parent()) && all.contains(edge.child())) {
        boolean ahead = forward.test(edge);
        next.computeIfAbsent(ahead ? edge.parent() : edge.child(), _ -> new ArrayList<>())
            .add(ahead ? edge.child() : edge.parent());
      }
    }
    return next;
  }

  /** Those that reach each other, by Tarjan's algorithm, without recursion: chains may be long. */
  private static final class Components {
    private static final class Visit {
      private final Digest digest;
      private final Iterator<Digest> children;
      private final int index;
      private int low;

      private Visit(Digest digest, Iterator<Digest> children, int index) {
        this.digest = digest;
        this.children = children;
        this.index = index;
        this.low = index;
      }
    }

    private final Map<Digest, List<Digest>> children;
    private final Map<Digest, Integer> indexes = new HashMap<>();
    private final Deque<Digest> open = new ArrayDeque<>();
    private final Set<Digest> opened = new HashSet<>();
    private final Deque<Visit> path = new ArrayDeque<>();
    private final Deque<List<Digest>> found = new ArrayDeque<>();

    private Components(Collection<Digest> all, Map<Digest, List<Digest>> children) {
      this.children = children;
      for (Digest digest : all) {
        if (!indexes.containsKey(digest)) {
          begin(digest);
          while (!path.isEmpty()) {
            step(path.element());
          }
        }
      }
    }

    /** Each after those that keep it alive, which were found after it. */
    private Collection<List<Digest>> parentsFirst() {
      return found;
    }

    private void begin(Digest digest) {
      int index = indexes.size();
      indexes.put(digest, index);
      open.push(digest);
      opened.add(digest);
      path.push(new Visit(digest, children.getOrDefault(digest, List.of()).iterator(), index));
    }

    private void step(Visit visit) {
      if (visit.children.hasNext()) {
        Digest child = visit.children.next();
        if (!indexes.containsKey(child)) {
          begin(child);
        } else if (opened.contains(child)) {
          visit.low = Math.min(visit.low, indexes.get(child));
        }
        return;
      }
      path.remove();
      if (!path.isEmpty()) {
        Visit parent = path.element();
        parent.low = Math.min(parent.low, visit.low);
      }
      if (visit.low == visit.index) {
        List<Digest> component = new ArrayList<>();
        Digest member;
        do {
          member = open.pop();
          opened.remove(member);
          component.add(member);
        } while (!member.equals(visit.digest));
        found.push(component);
      }
    }
  }
}
