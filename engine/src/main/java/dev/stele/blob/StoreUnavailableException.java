package dev.stele.blob;

import java.io.IOException;
import java.nio.file.FileSystemException;

/**
 * A store cannot do its work now: a bucket is away, a disk fails. It is neither the caller's fault
 * nor a lack of room. Trying again later may work.
 */
public final class StoreUnavailableException extends IOException {
  private final String store;

  StoreUnavailableException(String store, IOException cause) {
    super("blob store " + store + " cannot be used: " + reason(cause), cause);
    this.store = store;
  }

  /** Messages of the file system are often no more than a path. */
  private static String reason(IOException cause) {
    return cause instanceof FileSystemException || cause.getMessage() == null
        ? FileFailure.reason(cause)
        : cause.getMessage();
  }

  /** The store's name. */
  public String store() {
    return store;
  }
}
