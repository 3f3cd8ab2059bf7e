package dev.stele.blob;

import dev.stele.oci.RepositoryName;
import java.time.Instant;

/**
 * What an open upload session has received.
 *
 * @param size the bytes received so far
 * @param lastActivityAt when bytes last arrived, or when it was begun if none did
 */
public record UploadStatus(
    UploadId id, RepositoryName repository, long size, Instant lastActivityAt) {}
