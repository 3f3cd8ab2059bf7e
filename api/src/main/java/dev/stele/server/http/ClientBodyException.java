package dev.stele.server.http;

import java.io.IOException;

/**
 * The request's body could not be read for a reason that lies with the client: it went away, fell
 * silent, or broke the protocol. Unlike other I/O errors this says nothing about the server.
 */
public final class ClientBodyException extends IOException {
  private final transient DistributionError error;

  ClientBodyException(DistributionError error, IOException cause) {
    super(error.message(), cause);
    this.error = error;
  }

  /** What to answer, if anybody still listens. */
  public DistributionError error() {
    return error;
  }
}
