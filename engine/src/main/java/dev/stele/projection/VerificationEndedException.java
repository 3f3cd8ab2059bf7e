package dev.stele.projection;

/** A verification cannot go on; the message says why. What it did is not lost. */
public final class VerificationEndedException extends RuntimeException {
  VerificationEndedException(String message) {
    super(message);
  }
}
