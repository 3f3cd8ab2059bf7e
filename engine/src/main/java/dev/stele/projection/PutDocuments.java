package dev.stele.projection;

import dev.stele.oci.Digest;
import java.util.Collection;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;

/**
 * The documents of all manifests that were ever put, to be read. Nobody may modify the arrays that
 * are handed out. Thread-safe.
 */
public interface PutDocuments {
  /**
   * The document of a digest, if one was ever put.
   *
   * @throws IllegalStateException if the database has other bytes than were put
   */
  Optional<byte[]> find(Handle handle, Digest digest);

  /**
   * Hands over the documents of these digests, in no order; those that were never put are left out.
   * One query, whatever their number, of which a few documents at a time are in memory if this runs
   * in a transaction.
   *
   * @throws IllegalStateException if the database has other bytes than were put
   */
  void forEach(Handle handle, Collection<Digest> digests, BiConsumer<Digest, byte[]> consumer);
}
