package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * The smallest program that shows a container's file system to be whole: a static Linux executable
 * of some 200 bytes that prints the first 4 KiB of one file and ends with status 0. It is written
 * here in machine code, so that an image that runs needs neither a network nor a compiler.
 */
final class PrintingProgram {
  private static final long LOAD_ADDRESS = 0x400000;
  private static final int HEADERS = 64 + 56;

  /** open, read, write and exit for x86-64; the path follows the code. */
  private static final String X86_64 =
      """
      488d3d38000000 31f6 b802000000 0f05
      89c7 4881ec00100000 4889e6 ba00100000 31c0 0f05
      89c2 bf01000000 4889e6 b801000000 0f05
      31ff b83c000000 0f05
      """;

  /** The same for AArch64 (openat instead of open), its words in memory order. */
  private static final String AARCH64 =
      """
      600c8092 21020010 020080d2 080780d2 010000d4
      ff0740d1 e1030091 020082d2 e80780d2 010000d4
      e20300aa e1030091 200080d2 080880d2 010000d4
      000080d2 a80b80d2 010000d4
      """;

  private PrintingProgram() {}

  /**
   * The executable.
   *
   * @param architecture as an image's config names it: amd64 or arm64
   * @param path the absolute path of the file to print
   */
  static byte[] of(String architecture, String path) {
    return switch (architecture) {
      case "amd64" -> elf(62, X86_64, path);
      case "arm64" -> elf(183, AARCH64, path);
      default -> throw new IllegalArgumentException("no machine code for " + architecture);
    };
  }

  private static byte[] elf(int machine, String hex, String path) {
    byte[] code = HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
    byte[] argument = (path + '\0').getBytes(UTF_8);
    int size = HEADERS + code.length + argument.length;
    return ByteBuffer.allocate(size)
        .order(ByteOrder.LITTLE_ENDIAN)
        // The file header: 64 bit, little endian, executable, one program header.
        .put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
        .putShort((short) 2)
        .putShort((short) machine)
        .putInt(1)
        .putLong(LOAD_ADDRESS + HEADERS)
        .putLong(64)
        .putLong(0)
        .putInt(0)
        .putShort((short) 64)
        .putShort((short) 56)
        .putShort((short) 1)
        .putShort((short) 64)
        .putShort((short) 0)
        .putShort((short) 0)
        // The program header: load the whole file, readable and executable.
        .putInt(1)
        .putInt(5)
        .putLong(0)
        .putLong(LOAD_ADDRESS)
        .putLong(LOAD_ADDRESS)
        .putLong(size)
        .putLong(size)
        .putLong(0x1000)
        .put(code)
        .put(argument)
        .array();
  }
}
