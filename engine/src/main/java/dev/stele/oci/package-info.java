/**
 * The OCI vocabulary: names, digests, descriptors and manifests. Pure values, no I/O; all types are
 * immutable and thread-safe.
 */
package dev.stele.oci;
