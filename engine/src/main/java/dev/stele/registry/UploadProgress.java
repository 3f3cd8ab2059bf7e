package dev.stele.registry;

import dev.stele.blob.UploadId;

/** Where an upload stands: {@code size} bytes have been received. */
public record UploadProgress(UploadId id, long size) {}
