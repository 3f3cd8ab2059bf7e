package dev.stele.merkle;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Checks what somebody else says of a tree (RFC 9162, section 2.1). */
public final class Proofs {
  private Proofs() {}

  /** Whether a proof shows that a leaf is in the tree of that size and root. */
  public static boolean includes(long size, Hash root, long index, Hash leaf, List<Hash> proof) {
    return index >= 0
        && index < size
        && rootOf(index, size, leaf, proof).filter(root::equals).isPresent();
  }

  /** The root that follows; empty if the proof has not as many hashes as it takes. */
  private static Optional<Hash> rootOf(long index, long size, Hash leaf, List<Hash> proof) {
    long node = index;
    long last = size - 1;
    Hash hash = leaf;
    for (Hash next : proof) {
      if (last == 0) {
        return Optional.empty();
      }
      if ((node & 1) == 1 || node == last) {
        hash = Hash.node(next, hash);
        while ((node & 1) == 0) {
          node >>= 1;
          last >>= 1;
        }
      } else {
        hash = Hash.node(hash, next);
      }
      node >>= 1;
      last >>= 1;
    }
    return last == 0 ? Optional.of(hash) : Optional.empty();
  }

  /** Whether a proof shows that a tree begins with all leaves of a smaller one, or is the same. */
  public static boolean consistent(
      long smaller, Hash smallerRoot, long size, Hash root, List<Hash> proof) {
    if (smaller < 0 || smaller > size) {
      return false;
    }
    if (smaller == size) {
      return proof.isEmpty() && smallerRoot.equals(root);
    }
    if (smaller == 0) {
      return proof.isEmpty() && smallerRoot.equals(Hash.EMPTY);
    }
    long node = smaller - 1;
    long last = size - 1;
    while ((node & 1) == 1) {
      node >>= 1;
      last >>= 1;
    }
    int from = 0;
    Hash first = smallerRoot;
    if (node > 0) {
      if (proof.isEmpty()) {
        return false;
      }
      first = proof.getFirst();
      from = 1;
    }
    Hash old = first;
    Hash all = first;
    for (Hash next : proof.subList(from, proof.size())) {
      if (last == 0) {
        return false;
      }
      if ((node & 1) == 1 || node == last) {
        old = Hash.node(next, old);
        all = Hash.node(next, all);
        while ((node & 1) == 0 && node != 0) {
          node >>= 1;
          last >>= 1;
        }
      } else {
        all = Hash.node(all, next);
      }
      node >>= 1;
      last >>= 1;
    }
    return last == 0 && old.equals(smallerRoot) && all.equals(root);
  }

  /**
   * The root of the tree that has some leaves, by them and by the hashes of all else ({@link
   * Tree#around}). What is left of either afterwards is not a part of it.
   *
   * @param indices where the leaves are, ascending and each once
   * @param leaves their hashes, in this order
   * @throws IllegalArgumentException if there are fewer leaves or hashes than it takes, or the
   *     places are none of such a tree
   */
  public static Hash root(long size, long[] indices, Iterator<Hash> leaves, Iterator<Hash> others) {
    for (int i = 0; i < indices.length; i++) {
      if (indices[i] < 0 || indices[i] >= size || (i > 0 && indices[i] <= indices[i - 1])) {
        throw new IllegalArgumentException(
            "leaves must be in their order and within the tree of %,d".formatted(size));
      }
    }
    return size == 0 ? Hash.EMPTY : root(0, size, indices, 0, indices.length, leaves, others);
  }

  private static Hash root(
      long low,
      long high,
      long[] indices,
      int from,
      int to,
      Iterator<Hash> leaves,
      Iterator<Hash> others) {
    if (from == to) {
      return next(others, "of the rest of the tree");
    }
    if (high - low == 1) {
      return next(leaves, "of leaves");
    }
    long middle = low + Tree.split(high - low);
    int first = Tree.firstFrom(middle, indices, from, to);
    return Hash.node(
        root(low, middle, indices, from, first, leaves, others),
        root(middle, high, indices, first, to, leaves, others));
  }

  private static Hash next(Iterator<Hash> hashes, String what) {
    if (!hashes.hasNext()) {
      throw new IllegalArgumentException("there are too few hashes " + what);
    }
    return hashes.next();
  }
}
