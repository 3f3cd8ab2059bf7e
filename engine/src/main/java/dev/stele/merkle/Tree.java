package dev.stele.merkle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The Merkle tree (RFC 6962) of so many leaves, over tiles that may have more. What is asked costs
 * a few tiles for each eight levels; each is read once. Not thread-safe.
 */
public final class Tree {
  private final TileSource source;
  private final long size;
  private final Map<Tile, byte[]> read = new HashMap<>();

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
    byte[] hashes = read.computeIfAbsent(tile, source::read);
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
