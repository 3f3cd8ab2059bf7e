package dev.stele.registry;

import dev.stele.oci.Digest;

/**
 * A manifest of a repository: its exact bytes (do not modify the array) and the media type that it
 * was put with.
 */
public record StoredManifest(Digest digest, String mediaType, byte[] bytes) {}
