package dev.stele.merkle;

/** Where tiles are kept. */
@FunctionalInterface
public interface TileSource {
  /**
   * The hashes of a tile, one after the other: as many as there are, and at least those of the tree
   * that is looked at.
   */
  byte[] read(Tile tile);
}
