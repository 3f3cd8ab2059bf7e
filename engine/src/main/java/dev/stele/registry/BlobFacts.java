package dev.stele.registry;

import java.util.Optional;

/**
 * What is known of the content of a digest without reading it.
 *
 * @param size in bytes
 * @param manifestType the media type that it was put with, if it is a manifest
 */
public record BlobFacts(long size, Optional<String> manifestType) {}
