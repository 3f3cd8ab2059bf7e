package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.log.LaneUnavailableException;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.TestManifest;
import dev.stele.projection.Listers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who lists what is known at once, wherever the view that follows the log has got to. */
class ListersTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final int STEPS = 150;

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Registry registry;

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder, RegistryOptions.DEFAULT.withSparseManifests(true));
    registry = fixture.registry();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private Digest put(List<Digest> lists, String padding) {
    return TestClient.put(
        registry, APP, TestManifest.emptyIndex(padding).list("manifests", "a/b", lists));
  }

  private void follow() {
    registry.collecting().candidates(_ -> {});
  }

  /** What is present, and what each lists, is the model. */
  @Test
  void theAnswerIsThatOfTheMoment() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Map<Digest, List<Digest>> present = new HashMap<>();
    Map<Digest, List<Digest>> ever = new HashMap<>();
    List<Digest> listed = new ArrayList<>();
    for (int n = 0; n < 5; n++) {
      listed.add(Sizes.digest(("blob " + n).getBytes(UTF_8)));
    }
    for (int step = 0; step < STEPS; step++) {
      switch (random.nextInt(4)) {
        case 0, 1 -> {
          List<Digest> lists = new ArrayList<>();
          for (int n = random.nextInt(4); n >= 0; n--) {
            lists.add(listed.get(random.nextInt(listed.size())));
          }
          Digest index = put(lists, "");
          ever.put(index, lists);
          present.put(index, lists);
          listed.add(index);
        }
        case 2 -> {
          List<Digest> all = List.copyOf(ever.keySet());
          if (!all.isEmpty()) {
            Digest digest = all.get(random.nextInt(all.size()));
            boolean deletable =
                present.containsKey(digest)
                    && present.values().stream().noneMatch(lists -> lists.contains(digest));
            assertThat(registry.deleteManifest(ALICE, APP, digest) instanceof Outcome.Ok)
                .as("seed %d", seed)
                .isEqualTo(deletable);
            if (deletable) {
              present.remove(digest);
            }
          }
        }
        default -> follow();
      }
      assertThat(asked(Set.copyOf(listed))).as("seed %d", seed).isEqualTo(model(present));
    }
  }

  private Map<Digest, Set<Digest>> asked(Set<Digest> digests) {
    return fixture
        .database()
        .jdbi()
        .withHandle(handle -> new Listers(handle, APP).of(digests, Integer.MAX_VALUE));
  }

  private static Map<Digest, Set<Digest>> model(Map<Digest, List<Digest>> present) {
    Map<Digest, Set<Digest>> listers = new HashMap<>();
    present.forEach(
        (lister, lists) ->
            lists.forEach(
                digest -> listers.computeIfAbsent(digest, _ -> new HashSet<>()).add(lister)));
    return listers;
  }

  /** Where there is more than can be looked at in the lane, nobody says that it is all. */
  @Test
  void whatKeepsAManifestIsToldWholeOrNotAtAll() {
    Digest bottom = put(List.of(), "bottom");
    List<Digest> middle = new ArrayList<>();
    for (int n = 0; n < 110; n++) {
      middle.add(put(List.of(bottom), "middle " + n));
    }
    Digest top = put(middle, "top");
    Set<Digest> all = new HashSet<>(middle);
    all.addAll(List.of(bottom, top));
    assertThat(keepers(bottom, 112)).contains(all);
    assertThat(keepers(bottom, 111)).isEmpty();
    assertThat(keepers(top, 1)).contains(Set.of(top));
    follow();
    assertThat(keepers(bottom, 112)).contains(all);
    for (int n = 0; n < 91; n++) {
      put(middle, "more " + n);
    }
    assertThat(keepers(bottom, 1000)).as("110 times 92 edges").isEmpty();
    assertThat(keepers(middle.getFirst(), 1000).orElseThrow()).hasSize(93);
  }

  private Optional<Set<Digest>> keepers(Digest manifest, int most) {
    return fixture
        .database()
        .jdbi()
        .withHandle(handle -> new Listers(handle, APP).keepers(manifest, most));
  }

  @Test
  void whoIsTooFarBehindToBeReadInTheLaneIsToldSo() throws Exception {
    Digest blob = Sizes.digest("blob".getBytes(UTF_8));
    Digest last = blob;
    for (int n = 0; n < 5; n++) {
      last = put(List.of(blob), n + "x".repeat((4 << 20) - 1000));
    }
    Digest index = last;
    assertThatThrownBy(() -> registry.deleteManifest(ALICE, APP, index))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("is behind by more than 5000 manifests or 16 MiB of team/app")
        .hasCauseInstanceOf(LaneUnavailableException.class);
    put(List.of(), "pushes go on");
    follow();
    assertThat(registry.deleteManifest(ALICE, APP, index)).isInstanceOf(Outcome.Ok.class);
  }
}
