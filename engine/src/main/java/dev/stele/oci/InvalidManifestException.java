package dev.stele.oci;

/** A manifest whose type or body cannot be accepted. The message says what is wrong with it. */
public final class InvalidManifestException extends Exception {
  public InvalidManifestException(String message) {
    super(message);
  }
}
