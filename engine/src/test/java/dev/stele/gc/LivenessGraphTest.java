package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.projection.Liveness;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LivenessGraphTest {
  private static final int LIMIT = 8;

  private static Digest digest(int number) {
    return Digest.of(
        Digest.Algorithm.SHA256, Integer.toString(number).getBytes(StandardCharsets.UTF_8));
  }

  private static List<Digest> digests(int count) {
    return IntStream.range(0, count).mapToObj(LivenessGraphTest::digest).toList();
  }

  private static Liveness.Edge edge(int parent, int child) {
    // What refers to another came after it.
    return new Liveness.Edge(
        digest(parent),
        digest(child),
        parent > child ? Liveness.Kind.LISTS : Liveness.Kind.SUBJECT);
  }

  @Test
  void whatOnlyACycleKeepsAliveGoesInSmallBatchesAfterIt() {
    List<Liveness.Edge> edges = new ArrayList<>();
    edges.add(edge(0, 1));
    edges.add(edge(1, 0));
    for (int kept = 2; kept < 1000; kept++) {
      edges.add(edge(kept % 2, kept));
    }
    List<LivenessGraph.Batch> batches = LivenessGraph.batches(digests(1000), edges, LIMIT);
    assertThat(batches).allMatch(batch -> batch.digests().size() <= LIMIT && !batch.ofCycle());
    assertThat(batches.getFirst().digests()).contains(digest(0), digest(1));
    assertThat(batches.stream().flatMap(batch -> batch.digests().stream()))
        .hasSize(1000)
        .doesNotHaveDuplicates();
  }

  @Test
  void aLongChainIsNoStackOverflow() {
    List<Liveness.Edge> edges = new ArrayList<>();
    for (int i = 1; i < 50_000; i++) {
      edges.add(edge(i, i - 1));
    }
    List<LivenessGraph.Batch> batches = LivenessGraph.batches(digests(50_000), edges, LIMIT);
    assertThat(batches).hasSize(50_000 / LIMIT);
    assertThat(batches.getFirst().digests().getFirst()).isEqualTo(digest(49_999));
  }

  /**
   * Of any graph: nobody goes before one that keeps it alive, unless it keeps that alive, too. If
   * they are too many to go together, nobody is left that refers to one that is gone.
   */
  @Test
  void nobodyIsLeftWithoutWhatItKeepsAlive() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int large = 0;
    for (int graph = 0; graph < 300; graph++) {
      int size = 1 + random.nextInt(40);
      List<Liveness.Edge> edges = new ArrayList<>();
      for (int i = random.nextInt(2 * size); i > 0; i--) {
        int parent = random.nextInt(size);
        int child = random.nextInt(size);
        if (parent != child) {
          edges.add(edge(parent, child));
        }
      }
      List<LivenessGraph.Batch> batches = LivenessGraph.batches(digests(size), edges, LIMIT);
      Map<Digest, Integer> when = new HashMap<>();
      for (int i = 0; i < batches.size(); i++) {
        assertThat(batches.get(i).digests()).as("seed %d", seed).hasSizeBetween(1, LIMIT);
        for (Digest digest : batches.get(i).digests()) {
          assertThat(when.put(digest, i)).as("seed %d", seed).isNull();
        }
        large += batches.get(i).ofCycle() ? 1 : 0;
      }
      assertThat(when).as("seed %d", seed).hasSize(size);
      for (Liveness.Edge edge : edges) {
        int parent = when.get(edge.parent());
        int child = when.get(edge.child());
        boolean together = reaches(edges, edge.child()).contains(edge.parent());
        boolean split = together && batches.get(parent).ofCycle() && batches.get(child).ofCycle();
        if (split && edge.kind() == Liveness.Kind.SUBJECT) {
          assertThat(child).as("seed %d", seed).isLessThanOrEqualTo(parent);
        } else if (together && !split) {
          assertThat(parent).as("seed %d", seed).isEqualTo(child);
        } else {
          assertThat(parent).as("seed %d", seed).isLessThanOrEqualTo(child);
        }
      }
    }
    assertThat(large).isPositive();
  }

  private static Set<Digest> reaches(List<Liveness.Edge> edges, Digest start) {
    Set<Digest> reached = new HashSet<>(List.of(start));
    int before;
    do {
      before = reached.size();
      edges.stream()
          .filter(edge -> reached.contains(edge.parent()))
          .forEach(edge -> reached.add(edge.child()));
    } while (reached.size() > before);
    return reached;
  }
}
