package dev.stele.projection;

import dev.stele.oci.Digest;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * What events speak of and does not fit a leaf, such as a retention policy: kept by digest, as
 * evidence, and never changed. Stateless and thread-safe.
 */
public final class RecordDocuments {
  /** A document. Do not modify the array. */
  public record Document(String mediaType, byte[] bytes) {
    /** The digest that events name it by. */
    public Digest digest() {
      return Digest.of(Digest.Algorithm.SHA256, bytes);
    }
  }

  private RecordDocuments() {}

  /** Keeps a document, unless it is there already; returns its digest. */
  public static Digest add(Handle transaction, Document document) {
    Digest digest = document.digest();
    transaction
        .createUpdate(
            """
            INSERT INTO record_document (digest, media_type, bytes)
            VALUES (:digest, :mediaType, :bytes)
            ON CONFLICT (digest) DO NOTHING
            """)
        .bind("digest", digest)
        .bind("mediaType", document.mediaType())
        .bind("bytes", document.bytes())
        .execute();
    return digest;
  }

  /**
   * The document of a digest, if there is one.
   *
   * @throws IllegalStateException if its bytes have another digest, so that they were changed
   */
  public static Optional<Document> find(Handle handle, Digest digest) {
    Optional<Document> found =
        handle
            .createQuery("SELECT media_type, bytes FROM record_document WHERE digest = :digest")
            .bind("digest", digest)
            .map((row, _) -> new Document(row.getString("media_type"), row.getBytes("bytes")))
            .findOne();
    if (found.isPresent() && !found.get().digest().equals(digest)) {
      throw new IllegalStateException("the document " + digest + " of the record was changed");
    }
    return found;
  }
}
