package dev.stele.blob;

/**
 * A chunk that does not begin where the session is or is not as long as declared, or a read that
 * begins past the end. Nothing changed.
 */
public final class BadRangeException extends BlobStoreException {
  private final long size;

  /**
   * @param size what {@link #size()} answers
   */
  public BadRangeException(String message, long size) {
    super(message);
    this.size = size;
  }

  /**
   * The current size of the session or object in bytes: for an upload, where the next chunk begins.
   */
  public long size() {
    return size;
  }
}
