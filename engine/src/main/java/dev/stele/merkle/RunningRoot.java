package dev.stele.merkle;

import java.util.ArrayList;
import java.util.List;

/**
 * The root of a tree to which leaves are added, from its leaves alone: it keeps one hash for each
 * bit of their number. Not thread-safe.
 */
public final class RunningRoot {
  /** The roots of whole subtrees, each smaller than the one before. */
  private final List<Hash> subtrees = new ArrayList<>();

  private long size;

  /** How many leaves there are. */
  public long size() {
    return size;
  }

  /** Adds a leaf. */
  public void add(Hash leaf) {
    Hash hash = leaf;
    for (long rest = size; (rest & 1) == 1; rest >>= 1) {
      hash = Hash.node(subtrees.removeLast(), hash);
    }
    subtrees.add(hash);
    size++;
  }

  /** The root of all leaves so far. */
  public Hash root() {
    return subtrees.reversed().stream()
        .reduce((smaller, larger) -> Hash.node(larger, smaller))
        .orElse(Hash.EMPTY);
  }
}
