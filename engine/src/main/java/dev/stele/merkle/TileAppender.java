package dev.stele.merkle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Adds leaves to a tree at its end, and says which tiles they change. Not thread-safe. */
public final class TileAppender {
  private final TileSource source;
  private final long begun;
  private final List<byte[]> edge = new ArrayList<>();
  private final SortedMap<Tile, byte[]> changed = new TreeMap<>();
  private long size;

  /**
   * Goes on with a tree.
   *
   * @param source of its tiles
   * @param size how many leaves it has
   */
  public TileAppender(TileSource source, long size) {
    this.source = source;
    this.begun = size;
    this.size = size;
  }

  /** How many leaves there are by now. */
  public long size() {
    return size;
  }

  /** Adds a leaf. */
  public void add(Hash leaf) {
    add(0, size, leaf);
    size++;
  }

  private void add(int level, long index, Hash hash) {
    byte[] hashes = edge(level);
    int place = (int) (index % Tile.WIDTH);
    hash.write(hashes, place);
    Tile tile = Tile.of(level, index);
    changed.put(tile, hashes);
    if (place + 1 == Tile.WIDTH) {
      edge.set(level, new byte[Tile.BYTES]);
      add(level + 1, tile.number(), Tree.fold(hashes, 0, Tile.HEIGHT));
    }
  }

  /** The last tile of a level, with room for all that it may get. */
  private byte[] edge(int level) {
    while (edge.size() <= level) {
      int next = edge.size();
      long hashes = begun >> (Tile.HEIGHT * next);
      Tile tile = Tile.of(next, hashes);
      edge.add(
          tile.width(begun) == 0
              ? new byte[Tile.BYTES]
              : Arrays.copyOf(source.read(tile), Tile.BYTES));
    }
    return edge.get(level);
  }

  /**
   * The tiles that are not as they were, or as they were taken the last time, with all hashes that
   * they have now, in order.
   */
  public SortedMap<Tile, byte[]> take() {
    SortedMap<Tile, byte[]> result = new TreeMap<>();
    changed.forEach(
        (tile, hashes) -> result.put(tile, Arrays.copyOf(hashes, tile.width(size) * Hash.BYTES)));
    changed.clear();
    return result;
  }
}
