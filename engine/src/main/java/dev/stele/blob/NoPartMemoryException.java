package dev.stele.blob;

import java.io.IOException;

/**
 * A part of an upload is larger than all the memory that there is for parts: the blob is too large.
 */
final class NoPartMemoryException extends IOException {
  NoPartMemoryException(String message) {
    super(message);
  }
}
