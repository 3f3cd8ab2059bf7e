package dev.stele.merkle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The Merkle tree (RFC 6962) of so many leaves, over tiles that may have more. What is asked costs
 * a few tiles for each eight levels, of which the last ones are held in memory. Not thread-safe.
 */
public final class Tree {
  /** A way from a leaf to the root and back needs a few tiles a level. */
  private static final int MOST_TILES = 64;

  private final TileSource source;
  private final long size;
  private final Map<Tile, byte[]> read =
      new LinkedHashMap<>(MOST_TILES, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Tile, byte[]> eldest) {
          return size() > MOST_TILES;
        }
      };

  /**
   * A tree.
   *
   * @throws IllegalArgumentException if the size is less than 0
   */
  public Tree(TileSource source, long size) {
    if (size < 0) {
      throw new IllegalArgumentException("a tree has no " + size + " leaves");
    }
    this.source = source;
    this.size = size;
  }

  public long size() {
    return size;
  }

  /** Its root. */
  public Hash root() {
    return size == 0 ? Hash.EMPTY : subtree(0, size);
  }

  /** The hash of a leaf. */
  public Hash leaf(long index) {
    checkIndex(index);
    return perfect(0, index);
  }

  /**
   * What shows that a leaf is in the tree (RFC 6962, section 2.1.1).
   *
   * @throws IllegalArgumentException if there is no such leaf
   */
  public List<Hash> inclusion(long index) {
    checkIndex(index);
    List<Hash> path = new ArrayList<>();
    long low = 0;
    long high = size;
    while (high - low > 1) {
      long middle = low + split(high - low);
      if (index < middle) {
        path.addFirst(subtree(middle, high));
        high = middle;
      } else {
        path.addFirst(subtree(low, middle));
        low = middle;
      }
    }
    return path;
  }

  /**
   * What shows that the tree begins with all leaves of a smaller one (RFC 6962, section 2.1.2); of
   * one without leaves or of the same size nothing is to be shown.
   *
   * @throws IllegalArgumentException if that one is larger
   */
  public List<Hash> consistency(long smaller) {
    if (smaller < 0 || smaller > size) {
      throw new IllegalArgumentException(
          "a tree of %d leaves does not begin with one of %d".formatted(size, smaller));
    }
    List<Hash> proof = new ArrayList<>();
    if (smaller == 0 || smaller == size) {
      return proof;
    }
    long low = 0;
    long high = size;
    boolean whole = true;
    while (smaller != high) {
      long middle = low + split(high - low);
      if (smaller <= middle) {
        proof.addFirst(subtree(middle, high));
        high = middle;
      } else {
        proof.addFirst(subtree(low, middle));
        low = middle;
        whole = false;
      }
    }
    if (!whole) {
      proof.addFirst(subtree(low, high));
    }
    return proof;
  }

  /**
   * What makes the root with the leaves at some places: hands over the hash of each subtree that
   * has none of them and is not part of another such one, from the left to the right. See {@link
   * Proofs#root}.
   *
   * @param indices ascending
   * @throws IllegalArgumentException if there is no such leaf
   */
  public void around(long[] indices, Consumer<Hash> hashes) {
    for (long index : indices) {
      checkIndex(index);
    }
    if (size > 0) {
      around(0, size, indices, 0, indices.length, hashes);
    }
  }

  private void around(
      long low, long high, long[] indices, int from, int to, Consumer<Hash> hashes) {
    if (from == to) {
      hashes.accept(subtree(low, high));
    } else if (high - low > 1) {
      long middle = low + split(high - low);
      int first = firstFrom(middle, indices, from, to);
      around(low, middle, indices, from, first, hashes);
      around(middle, high, indices, first, to, hashes);
    }
  }

  /** Where, between two places of an ascending array, numbers begin that are not less. */
  static int firstFrom(long least, long[] numbers, int from, int to) {
    int found = Arrays.binarySearch(numbers, from, to, least);
    return found < 0 ? -found - 1 : found;
  }

  private void checkIndex(long index) {
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException(
          "a tree of %d leaves has none at %d".formatted(size, index));
    }
  }

  /** The largest power of two that is less than a number of leaves. */
  static long split(long leaves) {
    return Long.highestOneBit(leaves - 1);
  }

  private Hash subtree(long low, long high) {
    long leaves = high - low;
    if (Long.bitCount(leaves) == 1) {
      int height = Long.numberOfTrailingZeros(leaves);
      return perfect(height, low >> height);
    }
    long middle = low + split(leaves);
    return Hash.node(subtree(low, middle), subtree(middle, high));
  }

  /** A node below which every leaf is there. */
  private Hash perfect(int height, long index) {
    int level = height / Tile.HEIGHT;
    int within = height % Tile.HEIGHT;
    long first = index << within;
    Tile tile = Tile.of(level, first);
    byte[] hashes = read.get(tile);
    if (hashes == null) {
      hashes = source.read(tile);
      read.put(tile, hashes);
    }
    int offset = (int) (first % Tile.WIDTH);
    if (hashes.length < (offset + (1 << within)) * Hash.BYTES) {
      throw new IllegalStateException(
          "the tree of %d leaves needs more of tile %d of level %d than its %d hashes"
              .formatted(size, tile.number(), level, hashes.length / Hash.BYTES));
    }
    return fold(hashes, offset, within);
  }

  /** The root of neighbours in a tile, as many as two to the power of {@code height}. */
  static Hash fold(byte[] hashes, int offset, int height) {
    return height == 0
        ? Hash.in(hashes, offset)
        : Hash.node(
            fold(hashes, offset, height - 1),
            fold(hashes, offset + (1 << (height - 1)), height - 1));
  }
}
