package dev.stele.merkle;

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
}
