package dev.stele.projection;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * What events make of a table's rows: to be written by removing some and adding others, however
 * often a row came and went meanwhile.
 *
 * @param <K> what tells rows apart
 * @param <R> a row
 */
final class RowChanges<K, R> {
  private final Set<K> removed = new LinkedHashSet<>();
  private final Map<K, R> added = new LinkedHashMap<>();

  /** A row comes that was not there. */
  void add(K key, R row) {
    if (added.putIfAbsent(key, row) != null) {
      throw new IllegalStateException("the log adds what is there already: " + key);
    }
  }

  /** A row goes, if it is there. */
  void remove(K key) {
    removed.add(key);
    added.remove(key);
  }

  /** To be removed first. */
  Collection<K> removed() {
    return removed;
  }

  /** To be added then. */
  Collection<R> added() {
    return added.values();
  }
}
