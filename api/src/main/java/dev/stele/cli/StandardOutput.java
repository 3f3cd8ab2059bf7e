package dev.stele.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.Charset;

/**
 * The standard output of a program that must not claim to have done what it could not write: a
 * {@link PrintStream} forgets why writing failed.
 */
final class StandardOutput extends FileOutputStream {
  private static final int BUFFER = 8192;

  /** 128 and the number of SIGPIPE, as a shell has it of a program whose reader went away. */
  private static final int READER_GONE = 141;

  /** Why writing failed first. */
  private static volatile String failure = "";

  private StandardOutput() {
    super(FileDescriptor.out);
  }

  /** Takes the place of {@link System#out}. */
  static void install() {
    Charset charset = System.out.charset();
    System.setOut(
        new PrintStream(new BufferedOutputStream(new StandardOutput(), BUFFER), false, charset));
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      super.write(bytes, offset, length);
    } catch (IOException e) {
      failure = failure.isEmpty() ? String.valueOf(e.getMessage()) : failure;
      throw e;
    }
  }

  /**
   * The exit status of a command after all that it printed was written.
   *
   * @param status without that
   */
  static int exitStatus(int status) {
    if (!System.out.checkError()) {
      return status;
    }
    if (failure.contains("Broken pipe")) {
      return READER_GONE;
    }
    System.err.println("stele: what was to be printed could not be written whole: " + failure);
    return status == 0 ? 1 : status;
  }
}
