package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.merkle.Hash;
import dev.stele.merkle.Tile;
import dev.stele.merkle.TileAppender;
import dev.stele.merkle.TileSource;
import dev.stele.sql.Unnested;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * The log as a Merkle tree: the tiles of all leaves but the last ones, which are fewer than a tile
 * and are hashed when somebody asks. So a tile of leaves is written once, when it is whole.
 */
public final class TileView implements Projection {
  /** Its name among the followers of the log. */
  public static final String NAME = "tile";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<String> tables() {
    return List.of("tile");
  }

  @Override
  public int unit() {
    return Tile.WIDTH;
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    if (events.isEmpty()) {
      return;
    }
    long first = events.getFirst().position();
    TileAppender appender = new TileAppender(kept(transaction), first);
    // The bytes that are kept, and not what this version would make of what they say.
    leaves(transaction, first, events.size())
        .forEach(leaf -> appender.add(Hash.leaf(leaf.bytes())));
    new Unnested<>(appender.take().entrySet())
        .number("levels", changed -> (long) changed.getKey().level())
        .number("numbers", changed -> changed.getKey().number())
        .bytes("hashes", Map.Entry::getValue)
        .execute(
            transaction,
            """
            INSERT INTO tile (level, number, hashes)
            SELECT * FROM unnest(:levels::bigint[], :numbers::bigint[], :hashes::bytea[])
            ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
            """);
  }

  /** The tiles of the view, and nothing of what is behind it. */
  private static TileSource kept(Handle handle) {
    return tile ->
        handle
            .createQuery("SELECT hashes FROM tile WHERE level = :level AND number = :number")
            .bind("level", tile.level())
            .bind("number", tile.number())
            .mapTo(byte[].class)
            .findOne()
            .orElseGet(() -> new byte[0]);
  }

  /**
   * The tiles of the log as it is; those of levels above the first reach as far as the view does.
   */
  public static TileSource source(Handle handle) {
    TileSource kept = kept(handle);
    return tile -> {
      byte[] hashes = kept.read(tile);
      return tile.level() > 0 || hashes.length == Tile.BYTES
          ? hashes
          : Hash.concatenation(
              leaves(handle, tile.number() * Tile.WIDTH, Tile.WIDTH).stream()
                  .map(leaf -> Hash.leaf(leaf.bytes()))
                  .toList());
    };
  }

  /** Leaves from a position on, as many as there are of those that are asked for. */
  public static List<LogReader.Leaf> leaves(Handle handle, long from, int count) {
    return handle
        .createQuery(
            """
            SELECT position, leaf FROM event
            WHERE position >= :from AND position < :end
            ORDER BY position
            """)
        .bind("from", from)
        .bind("end", from + count)
        .map((row, _) -> new LogReader.Leaf(row.getLong(1), row.getBytes(2)))
        .list();
  }
}
