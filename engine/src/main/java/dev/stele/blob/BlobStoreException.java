package dev.stele.blob;

/** The store is fine, but refuses what the caller asked for. The message says why. */
public abstract sealed class BlobStoreException extends Exception
    permits BadRangeException,
        DigestMismatchException,
        NoSuchObjectException,
        UnknownUploadException,
        UploadBusyException {
  protected BlobStoreException(String message) {
    super(message);
  }
}
