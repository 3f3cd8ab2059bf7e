package dev.stele.server.http;

/**
 * A request that is answered with an error of the client's making. Thrown where the request is
 * read; it has no stack trace, since it says nothing about the server.
 */
public final class RefusedRequestException extends RuntimeException {
  private final transient DistributionError error;

  RefusedRequestException(DistributionError error) {
    super(error.message(), null, false, false);
    this.error = error;
  }

  public DistributionError error() {
    return error;
  }
}
