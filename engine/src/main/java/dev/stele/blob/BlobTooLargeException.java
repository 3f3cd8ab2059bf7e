package dev.stele.blob;

import java.io.IOException;

/**
 * The store cannot take a blob that large, ever: it would need more parts than a bucket allows, or
 * parts larger than the memory that there is for them. Sending it again is of no use.
 */
public final class BlobTooLargeException extends IOException {
  BlobTooLargeException(String message) {
    super(message);
  }
}
