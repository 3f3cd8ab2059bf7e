package dev.stele.blob;

import dev.stele.oci.RepositoryName;

/** No open session of this repository has this id: never begun, finished, cancelled or given up. */
public final class UnknownUploadException extends BlobStoreException {
  private final UploadId id;

  public UnknownUploadException(RepositoryName repository, UploadId id) {
    super("no open upload %s in repository %s".formatted(id, repository));
    this.id = id;
  }

  public UploadId id() {
    return id;
  }
}
