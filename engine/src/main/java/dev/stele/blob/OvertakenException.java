package dev.stele.blob;

import java.io.IOException;

/** Another node has changed or ended an upload session while this one was using it. */
final class OvertakenException extends IOException {
  OvertakenException(UploadId id) {
    super("upload %s was changed by another node".formatted(id));
  }
}
