package dev.stele.projection;

import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/**
 * A set of positions within one block of the log, as rows of the event index have it: for each 64
 * positions of which any is in the set, in order, the number of those 64 within the block (a byte)
 * and a bit for each (8 bytes, the lowest position in the lowest bit). So the rest of a block is
 * added at the end of a row, a lone position takes 9 bytes, and a whole block 2304. Not
 * thread-safe.
 */
final class PositionSet {
  /** How many positions a word has bits for. */
  static final int WORD = 64;

  /** How many positions a block has. */
  static final int BLOCK = 16_384;

  private static final int WORDS = BLOCK / WORD;
  private static final int ENTRY = 1 + Long.BYTES;

  private final long[] words = new long[WORDS];

  /** The number of the block that a position is in. */
  static int block(long position) {
    return Math.toIntExact(position / BLOCK);
  }

  /** The first position of a block. */
  static long first(int block) {
    return (long) block * BLOCK;
  }

  /** Writes a row, or what is to be added at its end: positions of one block, in order. */
  static final class Writer {
    private ByteBuffer bytes = ByteBuffer.allocate(ENTRY);

    void add(long position) {
      int offset = (int) (position % BLOCK);
      byte word = (byte) (offset / WORD);
      int last = bytes.position() - ENTRY;
      if (last < 0 || bytes.get(last) != word) {
        if (!bytes.hasRemaining()) {
          bytes = ByteBuffer.allocate(2 * bytes.capacity()).put(bytes.flip());
        }
        last = bytes.position();
        bytes.put(word).putLong(0);
      }
      bytes.putLong(last + 1, bytes.getLong(last + 1) | 1L << (offset % WORD));
    }

    byte[] row() {
      byte[] row = new byte[bytes.position()];
      bytes.get(0, row);
      return row;
    }
  }

  /** Adds the positions of a row. */
  void addAll(byte[] row) {
    ByteBuffer bytes = ByteBuffer.wrap(row);
    while (bytes.hasRemaining()) {
      int word = Byte.toUnsignedInt(bytes.get());
      words[word] |= bytes.getLong();
    }
  }

  /** Removes the positions that are not in another set of the same block. */
  void retainAll(PositionSet other) {
    for (int word = 0; word < WORDS; word++) {
      words[word] &= other.words[word];
    }
  }

  /** Hands over the positions in their order, or the newest first. */
  void forEach(int block, boolean newestFirst, LongConsumer positions) {
    for (int n = 0; n < WORDS; n++) {
      int word = newestFirst ? WORDS - 1 - n : n;
      long start = first(block) + (long) word * WORD;
      for (long left = words[word]; left != 0; ) {
        long bit = newestFirst ? Long.highestOneBit(left) : Long.lowestOneBit(left);
        positions.accept(start + Long.numberOfTrailingZeros(bit));
        left ^= bit;
      }
    }
  }
}
