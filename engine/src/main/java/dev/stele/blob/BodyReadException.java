package dev.stele.blob;

import java.io.IOException;

/**
 * The body that a caller handed in could not be read to its end, usually since the client went
 * away. The store itself is fine.
 */
public final class BodyReadException extends IOException {
  public BodyReadException(IOException cause) {
    super("the body ended early: " + cause.getMessage(), cause);
  }
}
