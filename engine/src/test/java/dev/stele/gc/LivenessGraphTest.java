package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
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

  private static LivenessGraph.Edge edge(int parent, int child) {
    return new LivenessGraph.Edge(digest(parent), digest(child));
  }

  @Test
  void whatOnlyACycleKeepsAliveGoesInSmallBatchesAfterIt() {
    List<LivenessGraph.Edge> edges = new ArrayList<>();
    edges.add(edge(0, 1));
    edges.add(edge(1, 0));
    for (int kept = 2; kept < 1000; kept++) {
      edges.add(edge(kept % 2, kept));
    }
    List<List<Digest>> batches = LivenessGraph.batches(digests(1000), edges, LIMIT);
    assertThat(batches).allMatch(batch -> batch.size() <= LIMIT);
    assertThat(batches.getFirst()).contains(digest(0), digest(1));
    assertThat(batches.stream().flatMap(List::stream)).hasSize(1000).doesNotHaveDuplicates();
  }

  @Test
  void aLongChainIsNoStackOverflow() {
    List<LivenessGraph.Edge> edges = new ArrayList<>();
    for (int i = 1; i < 50_000; i++) {
      edges.add(edge(i, i - 1));
    }
    List<List<Digest>> batches = LivenessGraph.batches(digests(50_000), edges, LIMIT);
    assertThat(batches).hasSize(50_000 / LIMIT);
    assertThat(batches.getFirst().getFirst()).isEqualTo(digest(49_999));
  }

  /** Of any graph: nobody goes before one that keeps it alive, unless it keeps that alive, too. */
  @Test
  void nobodyIsLeftWithoutWhatItKeepsAlive() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int graph = 0; graph < 300; graph++) {
      int size = 1 + random.nextInt(25);
      List<LivenessGraph.Edge> edges = new ArrayList<>();
      for (int i = random.nextInt(2 * size); i > 0; i--) {
        edges.add(edge(random.nextInt(size), random.nextInt(size)));
      }
      List<List<Digest>> batches = LivenessGraph.batches(digests(size), edges, LIMIT);
      Map<Digest, Integer> when = new HashMap<>();
      for (int i = 0; i < batches.size(); i++) {
        for (Digest digest : batches.get(i)) {
          assertThat(when.put(digest, i)).as("seed %d", seed).isNull();
        }
      }
      assertThat(when).as("seed %d", seed).hasSize(size);
      for (LivenessGraph.Edge edge : edges) {
        assertThat(when.get(edge.parent()))
            .as("seed %d", seed)
            .isLessThanOrEqualTo(when.get(edge.child()));
      }
      for (List<Digest> batch : batches) {
        assertThat(batch.size() <= LIMIT || reaches(edges, batch.getFirst()).containsAll(batch))
            .as("seed %d", seed)
            .isTrue();
      }
    }
  }

  private static Set<Digest> reaches(List<LivenessGraph.Edge> edges, Digest start) {
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
