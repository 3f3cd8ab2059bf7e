package dev.stele.projection;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.log.LaneWrite;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;

/**
 * The exact bytes of every manifest ever put, by digest, kept as evidence after the manifest is
 * gone. Documents never change, so those lately used are held in memory, within a bound, and so is
 * what was read from those lately put, since each view asks for that. Nobody may modify the arrays
 * that are handed out.
 *
 * <p>A document belongs to no repository and has no media type of its own: with which type it was
 * put, each repository knows for itself. Thread-safe.
 */
public final class ManifestDocuments
    implements PutDocuments, LaneWrite<ManifestDocuments.Document> {
  private static final long MAX_CACHED_BYTES = 64L << 20;
  private static final long MOST_CACHED_DESCRIPTORS = 50_000;
  private static final int FETCH = 16;

  private final Cache<Digest, byte[]> cache =
      Caffeine.newBuilder()
          .maximumWeight(MAX_CACHED_BYTES)
          .<Digest, byte[]>weigher((_, document) -> document.length + 256)
          .build();

  /** What {@link Manifest#read} makes of them, which follows from the bytes alone. */
  private final Cache<Digest, Manifest> manifests =
      Caffeine.newBuilder()
          .maximumWeight(MOST_CACHED_DESCRIPTORS)
          .<Digest, Manifest>weigher((_, manifest) -> manifest.listed().size() + 1)
          .build();

  /**
   * A document to be kept.
   *
   * @param manifest what was read from it
   */
  public record Document(Digest digest, Manifest manifest, byte[] bytes) {
    /** One that is known to be readable. */
    public static Document read(Digest digest, byte[] bytes) {
      return new Document(digest, ManifestDocuments.read(digest, bytes), bytes);
    }
  }

  /** Keeps documents, those that are not there already. */
  @Override
  public void write(Pipeline transaction, List<Document> added) {
    new Unnested<>(added)
        .digests("digests", Document::digest)
        .text("mediaTypes", document -> document.manifest().mediaType())
        .bytes("documents", Document::bytes)
        .execute(
            transaction,
            """
            INSERT INTO manifest_document (digest, media_type, bytes)
            SELECT * FROM unnest(:digests::bytea[], :mediaTypes::text[], :documents::bytea[])
            ON CONFLICT (digest) DO NOTHING
            """);
    // Cached although the transaction may yet fail: the bytes are what the digest says in any case.
    for (Document document : added) {
      cache.put(document.digest(), document.bytes());
      manifests.put(document.digest(), document.manifest());
    }
  }

  /** The document of a digest, if it is in memory. */
  public Optional<byte[]> known(Digest digest) {
    return Optional.ofNullable(cache.getIfPresent(digest));
  }

  @Override
  public Optional<byte[]> find(Handle handle, Digest digest) {
    Optional<byte[]> known = known(digest);
    if (known.isPresent()) {
      return known;
    }
    Optional<byte[]> found =
        handle
            .createQuery("SELECT bytes FROM manifest_document WHERE digest = :digest")
            .bind("digest", digest)
            .map((row, _) -> row.getBytes("bytes"))
            .findOne();
    found.ifPresent(document -> keep(digest, document));
    return found;
  }

  @Override
  public void forEach(
      Handle handle, Collection<Digest> digests, BiConsumer<Digest, byte[]> consumer) {
    Set<Digest> missing = new LinkedHashSet<>();
    for (Digest digest : new LinkedHashSet<>(digests)) {
      byte[] cached = cache.getIfPresent(digest);
      if (cached == null) {
        missing.add(digest);
      } else {
        consumer.accept(digest, cached);
      }
    }
    if (missing.isEmpty()) {
      return;
    }
    handle
        .createQuery("SELECT digest, bytes FROM manifest_document WHERE digest = ANY (:digests)")
        .bind("digests", Values.digests(missing))
        .setFetchSize(FETCH)
        .map((row, _) -> Map.entry(Values.digest(row, "digest"), row.getBytes("bytes")))
        .forEach(
            entry -> {
              keep(entry.getKey(), entry.getValue());
              consumer.accept(entry.getKey(), entry.getValue());
            });
  }

  private void keep(Digest digest, byte[] document) {
    Digest actual = Digest.of(digest.algorithm(), document);
    if (!actual.equals(digest)) {
      throw new IllegalStateException(
          "the document of manifest " + digest + " was changed: its digest is " + actual);
    }
    cache.put(digest, document);
  }

  /** The cached document of a digest, for readers that would rather not take a connection. */
  Optional<byte[]> cached(Digest digest) {
    return Optional.ofNullable(cache.getIfPresent(digest));
  }

  /**
   * The manifest that a recorded put spoke of.
   *
   * @throws IllegalStateException if its document is missing or unreadable, which only tampering
   *     can bring about
   */
  Manifest recorded(Handle handle, Digest digest) {
    return recorded(new Pipeline(handle), digest);
  }

  /** The same where a look at the database has everything done before. */
  Manifest recorded(Pipeline transaction, Digest digest) {
    Manifest known = manifests.getIfPresent(digest);
    // Found outside of the cache, so that nobody waits there for another's statement.
    return known != null
        ? known
        : manifest(digest, find(transaction.handle(), digest).orElseThrow(() -> missing(digest)));
  }

  /** What is in a document that was found here. */
  Manifest manifest(Digest digest, byte[] document) {
    return manifests.get(digest, _ -> read(digest, document));
  }

  /** The document of a manifest that the log names is not there. */
  static IllegalStateException missing(Digest digest) {
    return new IllegalStateException(
        "the log names manifest " + digest + " but its document is missing");
  }

  /**
   * A recorded manifest.
   *
   * @throws IllegalStateException if it is unreadable, which only tampering can bring about
   */
  public static Manifest read(Digest digest, byte[] bytes) {
    try {
      return Manifest.read(bytes);
    } catch (InvalidManifestException e) {
      throw new IllegalStateException("the recorded manifest " + digest + " cannot be read", e);
    }
  }
}
