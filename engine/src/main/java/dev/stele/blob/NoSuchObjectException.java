package dev.stele.blob;

/** The store has no object under this key. */
public final class NoSuchObjectException extends BlobStoreException {
  private final ObjectKey key;

  public NoSuchObjectException(ObjectKey key) {
    super("no object " + key);
    this.key = key;
  }

  public ObjectKey key() {
    return key;
  }
}
