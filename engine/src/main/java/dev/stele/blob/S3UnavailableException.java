package dev.stele.blob;

import java.io.IOException;

/**
 * The bucket cannot do it for now: its service is away, overloaded or failing, or too many uploads
 * run. The same call may well succeed later. Whether this one had an effect is not known, unless
 * the call's own documentation says so.
 */
final class S3UnavailableException extends IOException {
  S3UnavailableException(String message) {
    super(message);
  }

  S3UnavailableException(String message, IOException cause) {
    super(message, cause);
  }
}
