package dev.stele.server.distribution;

import dev.stele.blob.BlobContent;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.registry.BlobFacts;
import dev.stele.registry.ManifestContent;
import dev.stele.registry.Precondition;
import dev.stele.registry.Registry;
import dev.stele.server.http.BodyMemory;
import dev.stele.server.http.ByteRange;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/** {@code /v2/<name>/blobs/<digest>}. */
final class Blobs {
  private static final String TYPE = "application/octet-stream";

  private final Registry registry;

  Blobs(Registry registry) {
    this.registry = registry;
  }

  void get(Exchange exchange, Reading reading, DistributionRoute.Blob route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    Digest digest = Digest.parse(route.digest());
    String etag = Preconditions.entityTag(digest);
    boolean conditional = !Preconditions.of(exchange).equals(Precondition.NONE);
    if (conditional || exchange.isHead()) {
      BlobFacts facts = reading.blobFacts(repository, digest);
      boolean notModified =
          Preconditions.notModified(exchange, repository, new Reference.ByDigest(digest), digest);
      if (notModified || exchange.isHead()) {
        describe(exchange, digest, etag);
        if (notModified) {
          exchange.sendNotModified();
        } else {
          exchange.startBody(200, facts.manifestType().orElse(TYPE), facts.size());
        }
        return;
      }
    }
    Optional<URI> elsewhere = reading.blobLocation(repository, digest);
    if (elsewhere.isPresent()) {
      registry.pulls().recordBlob(exchange.caller(), repository);
      exchange
          .set("Docker-Content-Digest", digest.toString())
          .set("Location", elsewhere.get().toString())
          // The address is a key to the blob for a while, and then none to anything.
          .set("Cache-Control", "no-store")
          .sendEmpty(307);
      return;
    }
    try (BlobContent content = reading.blob(repository, digest)) {
      registry.pulls().recordBlob(exchange.caller(), repository);
      describe(exchange, digest, etag);
      ByteRange range = range(exchange, etag, content.size());
      if (content instanceof ManifestContent manifest) {
        try (BodyMemory.Room _ = exchange.room(manifest.bytes())) {
          send(exchange, content, range);
        }
      } else {
        send(exchange, content, range);
      }
    }
  }

  private static void describe(Exchange exchange, Digest digest, String etag) {
    exchange
        .set("Docker-Content-Digest", digest.toString())
        .set("ETag", etag)
        .set("Accept-Ranges", "bytes");
  }

  /** The range asked for; all if If-Range names other content. */
  private static ByteRange range(Exchange exchange, String etag, long size) {
    Optional<String> header = exchange.header("Range");
    Optional<String> condition = exchange.header("If-Range");
    if (header.isEmpty() || (condition.isPresent() && !condition.get().equals(etag))) {
      return new ByteRange.Whole();
    }
    return ByteRange.parse(header.get(), size);
  }

  private static void send(Exchange exchange, BlobContent content, ByteRange range)
      throws IOException {
    long size = content.size();
    // Clients such as containerd keep the type that they get here for good.
    String type = content instanceof ManifestContent manifest ? manifest.mediaType() : TYPE;
    switch (range) {
      case ByteRange.Whole() ->
          BlobTransfer.send(content, 0, size, exchange.startBody(200, type, size));
      case ByteRange.Part part -> {
        exchange.set("Content-Range", "bytes %d-%d/%d".formatted(part.start(), part.end(), size));
        BlobTransfer.send(
            content, part.start(), part.length(), exchange.startBody(206, type, part.length()));
      }
      case ByteRange.Unsatisfiable() ->
          throw new DistributionError(
                  416,
                  ErrorCode.RANGE_INVALID,
                  "the blob has " + size + " bytes, none of them in the range",
                  Map.of("size", size))
              .with("Content-Range", "bytes */" + size)
              .asException();
    }
  }

  void delete(Exchange exchange, DistributionRoute.Blob route) {
    RepositoryName repository = RepositoryName.parse(route.name());
    Refusals.accepted(
        registry.deleteBlob(
            exchange.caller(),
            repository,
            Digest.parse(route.digest()),
            Preconditions.of(exchange)),
        exchange.access(),
        Action.DELETE,
        Optional.of(repository));
    exchange.sendEmpty(202);
  }
}
