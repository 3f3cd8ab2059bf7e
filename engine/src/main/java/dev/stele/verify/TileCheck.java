package dev.stele.verify;

import dev.stele.log.LogCheckpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.Tile;
import dev.stele.merkle.TileAppender;
import dev.stele.projection.TileView;
import dev.stele.sql.Unnested;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * Holds the leaves of the log against the tiles that were made of them when they were new. It is
 * given all leaves in order, and looks as far as there are tiles.
 */
final class TileCheck {
  private final Consumer<Finding> findings;
  private final long covered;
  private final TileAppender tree =
      new TileAppender(
          tile -> {
            throw new IllegalStateException("what begins with nothing reads no " + tile);
          },
          0);

  TileCheck(Handle handle, Consumer<Finding> findings) {
    this.findings = findings;
    this.covered = LogCheckpoint.read(handle, TileView.NAME).nextPosition();
  }

  /** The next leaf, or whatever stands for one that is gone. */
  void leaf(byte[] bytes) {
    if (tree.size() < covered) {
      tree.add(Hash.leaf(bytes));
    }
  }

  /** Compares the tiles of what came since the last time. */
  void compare(Handle handle) {
    SortedMap<Tile, byte[]> made = tree.take();
    Map<Tile, byte[]> kept = new HashMap<>();
    new Unnested<>(made.keySet())
        .number("levels", tile -> (long) tile.level())
        .number("numbers", Tile::number)
        .query(
            handle,
            """
            SELECT level, number, hashes FROM tile
            JOIN unnest(:levels::bigint[], :numbers::bigint[]) AS made (level, number) USING (level, number)
            """,
            row -> Map.entry(new Tile(row.getInt(1), row.getLong(2)), row.getBytes(3)))
        .forEach(each -> kept.put(each.getKey(), each.getValue()));
    made.forEach((tile, hashes) -> compare(tile, hashes, kept.getOrDefault(tile, new byte[0])));
  }

  /** The last tile of a level may have got more since. */
  private void compare(Tile tile, byte[] made, byte[] kept) {
    for (int at = 0; at < made.length; at += Hash.BYTES) {
      int end = at + Hash.BYTES;
      if (kept.length < end || !Arrays.equals(made, at, end, kept, at, end)) {
        long events = 1L << (8 * tile.level());
        long index = tile.number() * Tile.WIDTH + at / Hash.BYTES;
        findings.accept(
            new Finding.TileBroken(tile.level(), tile.number(), index * events, events));
      }
    }
  }
}
