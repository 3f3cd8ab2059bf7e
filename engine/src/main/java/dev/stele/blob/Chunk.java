package dev.stele.blob;

import java.io.InputStream;
import java.util.OptionalLong;

/**
 * A part of a blob on its way in.
 *
 * @param start where the client says that the part begins; absent for a streamed chunk, which goes
 *     wherever the session is
 * @param length how many bytes the client says that it sends; absent if it did not say
 * @param body the bytes; the store reads them and never closes the stream
 */
public record Chunk(OptionalLong start, OptionalLong length, InputStream body) {
  public Chunk {
    if (length.isPresent() && length.getAsLong() < 0) {
      throw new IllegalArgumentException("negative length " + length.getAsLong());
    }
  }

  /** No bytes, for a finish that carries no last chunk. */
  public static Chunk empty() {
    return streamed(InputStream.nullInputStream());
  }

  /** A body of unknown length that goes wherever the session is. */
  public static Chunk streamed(InputStream body) {
    return new Chunk(OptionalLong.empty(), OptionalLong.empty(), body);
  }

  /** A body with a declared range. */
  public static Chunk at(long start, long length, InputStream body) {
    return new Chunk(OptionalLong.of(start), OptionalLong.of(length), body);
  }

  /** Whether the client said what it sends, and something else is to be refused. */
  public boolean isDeclared() {
    return start.isPresent() || length.isPresent();
  }
}
