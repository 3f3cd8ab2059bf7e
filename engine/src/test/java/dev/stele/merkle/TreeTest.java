package dev.stele.merkle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The tree over tiles is the one of the specification, and only what is true can be shown of it.
 */
class TreeTest {
  /** Entries whose roots are published with the reference implementation of RFC 6962. */
  private static final List<String> ENTRIES =
      List.of(
          "",
          "00",
          "10",
          "2021",
          "3031",
          "40414243",
          "5051525354555657",
          "606162636465666768696a6b6c6d6e6f");

  private static final List<String> ROOTS =
      List.of(
          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

  private final Map<Tile, byte[]> tiles = new HashMap<>();
  private final List<Hash> leaves = new ArrayList<>();

  private byte[] read(Tile tile) {
    return tiles.getOrDefault(tile, new byte[0]);
  }

  /** Adds leaves in steps of some length, each of which reads what the one before has kept. */
  private void grow(int to, int step) {
    while (leaves.size() < to) {
      TileAppender appender = new TileAppender(this::read, leaves.size());
      for (int i = 0; i < step && leaves.size() < to; i++) {
        Hash leaf = Hash.leaf(("entry " + leaves.size()).getBytes(UTF_8));
        leaves.add(leaf);
        appender.add(leaf);
      }
      tiles.putAll(appender.take());
    }
  }

  private Tree tree(long size) {
    return new Tree(this::read, size);
  }

  /** As RFC 6962 writes it down. */
  private static Hash root(List<Hash> leaves) {
    if (leaves.isEmpty()) {
      return Hash.EMPTY;
    }
    if (leaves.size() == 1) {
      return leaves.getFirst();
    }
    int k = 1;
    while (k * 2 < leaves.size()) {
      k *= 2;
    }
    return Hash.node(root(leaves.subList(0, k)), root(leaves.subList(k, leaves.size())));
  }

  @Test
  void theRootsAreThoseThatArePublished() {
    TileAppender appender = new TileAppender(this::read, 0);
    for (int i = 0; i < ENTRIES.size(); i++) {
      appender.add(Hash.leaf(HexFormat.of().parseHex(ENTRIES.get(i))));
      tiles.putAll(appender.take());
      assertThat(HexFormat.of().formatHex(tree(i + 1).root().bytes())).isEqualTo(ROOTS.get(i));
    }
    assertThat(HexFormat.of().formatHex(tree(0).root().bytes()))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void theTreeIsTheSpecificationsAtEverySize() {
    grow(1_100, 7);
    for (int size = 0; size <= 1_100; size++) {
      assertThat(tree(size).root()).as("%d leaves", size).isEqualTo(root(leaves.subList(0, size)));
    }
  }

  @Test
  void theTilesAreThoseOfTheSpecification() {
    grow(70_000, 3_001);
    assertThat(tiles).hasSize(274 + 2 + 1);
    assertThat(tiles.get(new Tile(0, 273))).hasSize(112 * Hash.BYTES);
    assertThat(tiles.get(new Tile(1, 0))).hasSize(Tile.BYTES);
    assertThat(tiles.get(new Tile(1, 1))).hasSize(17 * Hash.BYTES);
    assertThat(tiles.get(new Tile(2, 0))).hasSize(Hash.BYTES);
    for (Tile tile : tiles.keySet()) {
      assertThat(tiles.get(tile)).hasSize(tile.width(70_000) * Hash.BYTES);
    }
    assertThat(tree(70_000).root()).isEqualTo(root(leaves));
    assertThat(tree(65_536).root()).isEqualTo(root(leaves.subList(0, 65_536)));
    assertThat(tree(65_537).root()).isEqualTo(root(leaves.subList(0, 65_537)));
    assertThat(new Tile(1, 0).width(256)).isEqualTo(1);
    assertThat(new Tile(0, 0).width(256)).isEqualTo(256);
    assertThat(new Tile(0, 1).width(256)).isZero();
  }

  @Test
  void howItIsAddedMakesNoDifference() {
    grow(70_000, 70_000);
    Map<Tile, byte[]> atOnce = new HashMap<>(tiles);
    tiles.clear();
    leaves.clear();
    grow(70_000, 251);
    assertThat(tiles.keySet()).isEqualTo(atOnce.keySet());
    atOnce.forEach((tile, hashes) -> assertThat(tiles.get(tile)).isEqualTo(hashes));
  }

  @Test
  void aLeafIsShownToBeThereAndAtNoOtherPlace() {
    grow(600, 100);
    for (int size : new int[] {1, 2, 3, 7, 8, 255, 256, 257, 512, 600}) {
      Tree tree = tree(size);
      Hash root = tree.root();
      for (int index = 0; index < size; index += size < 10 ? 1 : 13) {
        List<Hash> proof = tree.inclusion(index);
        Hash leaf = leaves.get(index);
        assertThat(tree.leaf(index)).isEqualTo(leaf);
        assertThat(Proofs.includes(size, root, index, leaf, proof)).isTrue();
        assertThat(Proofs.includes(size, root, index, Hash.EMPTY, proof)).isFalse();
        assertThat(Proofs.includes(size, Hash.EMPTY, index, leaf, proof)).isFalse();
        assertThat(Proofs.includes(size, root, index - 1, leaf, proof)).isFalse();
        assertThat(Proofs.includes(size, root, index + 1, leaf, proof)).isFalse();
        assertThat(Proofs.includes(size, root, index, leaf, more(proof))).isFalse();
        if (!proof.isEmpty()) {
          assertThat(Proofs.includes(size, root, index, leaf, proof.subList(1, proof.size())))
              .isFalse();
        }
      }
      assertThatThrownBy(() -> tree.inclusion(size)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> tree.inclusion(-1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static List<Hash> more(List<Hash> proof) {
    List<Hash> more = new ArrayList<>(proof);
    more.add(Hash.EMPTY);
    return more;
  }

  @Test
  void aTreeIsShownToBeginWithAnother() {
    grow(600, 100);
    List<Integer> sizes =
        IntStream.concat(
                IntStream.rangeClosed(0, 40), IntStream.of(255, 256, 257, 511, 512, 513, 600))
            .boxed()
            .toList();
    for (int size : sizes) {
      Hash root = tree(size).root();
      for (int smaller : sizes) {
        if (smaller > size) {
          assertThatThrownBy(() -> tree(size).consistency(smaller))
              .isInstanceOf(IllegalArgumentException.class);
          continue;
        }
        List<Hash> proof = tree(size).consistency(smaller);
        Hash old = tree(smaller).root();
        assertThat(Proofs.consistent(smaller, old, size, root, proof))
            .as("%d of %d", smaller, size)
            .isTrue();
        Hash other = Hash.leaf(new byte[] {1});
        assertThat(Proofs.consistent(smaller, other, size, root, proof)).isFalse();
        assertThat(Proofs.consistent(smaller, old, size, more(proof).getLast(), proof))
            .as("whatever begins with nothing")
            .isEqualTo(smaller == 0);
        assertThat(Proofs.consistent(smaller, old, size, root, more(proof))).isFalse();
      }
    }
  }

  @Test
  void aChangedLeafIsNotConsistentWithWhatWas() {
    Random random = new Random(7);
    grow(500, 500);
    Hash old = tree(300).root();
    for (int round = 0; round < 20; round++) {
      int changed = random.nextInt(300);
      List<Hash> others = new ArrayList<>(leaves);
      others.set(changed, Hash.leaf(("changed " + round).getBytes(UTF_8)));
      Map<Tile, byte[]> forged = new HashMap<>();
      TileAppender appender = new TileAppender(tile -> forged.get(tile), 0);
      others.forEach(appender::add);
      forged.putAll(appender.take());
      Tree tree = new Tree(forged::get, 500);
      assertThat(Proofs.consistent(300, old, 500, tree.root(), tree.consistency(300))).isFalse();
    }
  }

  @Test
  void aTileThatLacksHashesIsNotTakenForAnother() {
    grow(300, 300);
    tiles.put(new Tile(0, 0), new byte[0]);
    assertThatThrownBy(() -> tree(300).inclusion(1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void addressesAreThoseOfTheSpecification() {
    assertThat(Tile.path(1_234_067, 256)).isEqualTo("x001/x234/067");
    assertThat(Tile.path(0, 17)).isEqualTo("000.p/17");
    for (long number : LongStream.of(0, 1, 999, 1_000, 999_999, 1_234_067).toArray()) {
      assertThat(Tile.Asked.parse(Tile.path(number, 256))).contains(new Tile.Asked(number, 256));
      assertThat(Tile.Asked.parse(Tile.path(number, 1))).contains(new Tile.Asked(number, 1));
    }
    for (String wrong :
        List.of(
            "",
            "1",
            "0001",
            "x000/001",
            "001/002",
            "x001",
            "x001/x002",
            "001.p/0",
            "001.p/256",
            "001.p/01",
            "001.p/",
            "-01",
            "x001/001.p/1000",
            "x999/".repeat(7) + "999",
            "٠٠١")) {
      assertThat(Tile.Asked.parse(wrong)).as(wrong).isEmpty();
    }
    assertThat(Tile.parseLevel("0")).contains(0);
    for (String wrong : List.of("", "8", "01", "-1", "a", "10")) {
      assertThat(Tile.parseLevel(wrong)).as(wrong).isEmpty();
    }
  }

  @Test
  void anyLeavesMakeTheRootWithTheHashesOfAllElse() {
    grow(700, 37);
    Random random = new Random(7);
    for (int round = 0; round < 300; round++) {
      int size = 1 + random.nextInt(700);
      int odds = 1 + random.nextInt(40);
      long[] some = LongStream.range(0, size).filter(_ -> random.nextInt(odds) == 0).toArray();
      List<Hash> others = new ArrayList<>();
      tree(size).around(some, others::add);
      assertThat(root(size, some, others)).isEqualTo(tree(size).root());
      if (some.length > 0) {
        assertThatThrownBy(
                () ->
                    Proofs.root(
                        size,
                        some,
                        Arrays.stream(some).skip(1).mapToObj(i -> leaves.get((int) i)).iterator(),
                        others.iterator()))
            .isInstanceOf(IllegalArgumentException.class);
      }
      if (!others.isEmpty()) {
        int which = random.nextInt(others.size());
        List<Hash> wrong = new ArrayList<>(others);
        wrong.set(which, Hash.node(others.get(which), Hash.EMPTY));
        assertThat(root(size, some, wrong)).isNotEqualTo(tree(size).root());
        assertThatThrownBy(() -> root(size, some, others.subList(1, others.size())))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  private Hash root(long size, long[] some, List<Hash> others) {
    return Proofs.root(
        size,
        some,
        Arrays.stream(some).mapToObj(i -> leaves.get((int) i)).iterator(),
        others.iterator());
  }

  @Test
  void leavesOutOfTheirOrderOrOfNoSuchTreeAreRefused() {
    grow(10, 10);
    for (long[] places : new long[][] {{3, 2}, {3, 3}, {-1}, {10}}) {
      assertThatThrownBy(() -> root(10, new long[] {places[0], places[places.length - 1]}, leaves))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> tree(10).around(new long[] {10}, _ -> {}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aProofIsReadAsItIsWritten() {
    grow(300, 300);
    SigningKey key = SigningKey.generate("log.example.com", KeyType.ED25519);
    for (long index : new long[] {0, 7, 255, 256, 299}) {
      Checkpoint checkpoint = new Checkpoint("log.example.com", 300, tree(300).root());
      SignedNote note =
          new SignedNote(checkpoint.body(), List.of(key.sign(checkpoint, Instant.EPOCH)));
      LogProof proof =
          new LogProof(("entry " + index).getBytes(UTF_8), index, tree(300).inclusion(index), note);
      LogProof read = LogProof.parse(proof.toString());
      assertThat(read.toString()).isEqualTo(proof.toString());
      assertThat(read.holds()).isTrue();
      assertThat(LogProof.parse(proof.toString().replace("index " + index, "index 5")).holds())
          .isFalse();
    }
    Checkpoint one = new Checkpoint("log.example.com", 1, tree(1).root());
    LogProof alone =
        new LogProof(
            "entry 0".getBytes(UTF_8),
            0,
            List.of(),
            new SignedNote(one.body(), List.of(key.sign(one, Instant.EPOCH))));
    assertThat(LogProof.parse(alone.toString()).holds()).isTrue();
    for (String wrong :
        List.of(
            "",
            "c2sp.org/tlog-proof@v1\nindex 0\n\n",
            alone.toString().replace("@v1", "@v2"),
            alone.toString().replace("index 0", "index 00"),
            alone.toString().replace("index 0\n", "index 0\nnothing\n"),
            alone.toString().replace("index 0\n", "index 0\n" + (Hash.EMPTY + "\n").repeat(64)))) {
      assertThatThrownBy(() -> LogProof.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
