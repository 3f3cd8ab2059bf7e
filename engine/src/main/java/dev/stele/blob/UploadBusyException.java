package dev.stele.blob;

/** Another request is using this session right now. Nothing changed; the caller may try later. */
public final class UploadBusyException extends BlobStoreException {
  private final UploadId id;

  public UploadBusyException(UploadId id) {
    super("upload %s is in use by another request".formatted(id));
    this.id = id;
  }

  public UploadId id() {
    return id;
  }
}
