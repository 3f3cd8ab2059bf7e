/**
 * Where blobs' bytes are kept: the {@link dev.stele.blob.BlobStore} interface and its backends. A
 * store keeps bytes under keys and knows nothing about what exists for clients: the event log
 * decides that, by mapping a digest to the {@link dev.stele.blob.ObjectKey} of its bytes.
 *
 * <p>What a caller did wrong is a {@link dev.stele.blob.BlobStoreException}, which is sealed. What
 * failed beneath is an {@link java.io.IOException}: {@link dev.stele.blob.BodyReadException} when
 * the body could not be read to its end (the client's side), {@link
 * dev.stele.blob.InsufficientStorageException} when the store is full, anything else when the store
 * itself is at fault.
 */
package dev.stele.blob;
