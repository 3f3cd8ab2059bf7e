package dev.stele.evidence;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The one form of a ZIP archive that all programs read alike: the entries one after the other from
 * the first byte on, each named the same before it and in the directory, without fields in which
 * some look for another name, and nothing before, between or behind them.
 */
final class ArchiveForm {
  private static final int LOCAL = 0x04034b50;
  private static final int DESCRIPTOR = 0x08074b50;
  private static final int ENTRY = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int LOCAL_BYTES = 30;
  private static final int DESCRIPTOR_BYTES = 16;
  private static final int ENTRY_BYTES = 46;
  private static final int END_BYTES = 22;
  private static final int LARGEST_DIRECTORY = 64 << 20;
  private static final int HAS_DESCRIPTOR = 1 << 3;

  private ArchiveForm() {}

  /** Whether an archive has it. */
  static boolean is(Path file) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      ByteBuffer end = read(in, in.length() - END_BYTES, END_BYTES);
      int count = Short.toUnsignedInt(end.getShort(10));
      long size = Integer.toUnsignedLong(end.getInt(12));
      long offset = Integer.toUnsignedLong(end.getInt(16));
      if (end.getInt(0) != END
          || end.getShort(20) != 0
          || size > LARGEST_DIRECTORY
          || offset + size != in.length() - END_BYTES) {
        return false;
      }
      ByteBuffer directory = read(in, offset, (int) size);
      long next = 0;
      for (int i = 0; i < count; i++) {
        if (directory.remaining() < ENTRY_BYTES) {
          return false;
        }
        ByteBuffer entry = directory.slice().order(ByteOrder.LITTLE_ENDIAN);
        int name = Short.toUnsignedInt(entry.getShort(28));
        boolean plain =
            entry.getInt(0) == ENTRY && entry.getShort(30) == 0 && entry.getShort(32) == 0;
        if (!plain
            || entry.remaining() < ENTRY_BYTES + name
            || Integer.toUnsignedLong(entry.getInt(42)) != next) {
          return false;
        }
        ByteBuffer local = read(in, next, LOCAL_BYTES + name);
        if (local.getInt(0) != LOCAL
            || local.getShort(6) != entry.getShort(8)
            || local.getShort(8) != entry.getShort(10)
            || Short.toUnsignedInt(local.getShort(26)) != name
            || local.getShort(28) != 0
            || !Arrays.equals(bytes(local, LOCAL_BYTES, name), bytes(entry, ENTRY_BYTES, name))) {
          return false;
        }
        next += LOCAL_BYTES + name + Integer.toUnsignedLong(entry.getInt(20));
        if ((entry.getShort(8) & HAS_DESCRIPTOR) != 0) {
          if (read(in, next, DESCRIPTOR_BYTES).getInt(0) != DESCRIPTOR) {
            return false;
          }
          next += DESCRIPTOR_BYTES;
        }
        directory.position(directory.position() + ENTRY_BYTES + name);
      }
      return next == offset && !directory.hasRemaining();
    }
  }

  private static byte[] bytes(ByteBuffer from, int offset, int count) {
    byte[] bytes = new byte[count];
    from.get(offset, bytes);
    return bytes;
  }

  private static ByteBuffer read(RandomAccessFile in, long from, int count) throws IOException {
    byte[] bytes = new byte[count];
    if (from < 0) {
      throw new IOException("it is too short for an archive");
    }
    in.seek(from);
    in.readFully(bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
