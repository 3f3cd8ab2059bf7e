package dev.stele.history;

import dev.stele.oci.Digest;
import java.util.Optional;

/**
 * A manifest that a repository had at a moment.
 *
 * @param mediaType that it was put with
 * @param size in bytes
 */
public record PastManifest(
    Digest digest,
    String mediaType,
    Optional<String> artifactType,
    long size,
    Optional<Digest> subject,
    Since since) {}
