package dev.stele.server.distribution;

import dev.stele.server.http.RawPath;
import java.util.Optional;

/**
 * What an address under {@code /v2} names. Repository names have slashes and may contain the words
 * {@code blobs} or {@code manifests}, so an address is read from its end: the last keyword counts.
 * The parts are as the client wrote them, not yet checked.
 */
public sealed interface DistributionRoute {
  /** {@code /v2/}. */
  record Base() implements DistributionRoute {}

  /** {@code /v2/_catalog}. */
  record Catalog() implements DistributionRoute {}

  /** {@code /v2/<name>/tags/list}. */
  record Tags(String name) implements DistributionRoute {}

  /** {@code /v2/<name>/manifests/<reference>}. */
  record Manifest(String name, String reference) implements DistributionRoute {}

  /** {@code /v2/<name>/blobs/<digest>}. */
  record Blob(String name, String digest) implements DistributionRoute {}

  /** {@code /v2/<name>/blobs/uploads/}. */
  record Uploads(String name) implements DistributionRoute {}

  /** {@code /v2/<name>/blobs/uploads/<id>}. */
  record Upload(String name, String id) implements DistributionRoute {}

  /** {@code /v2/<name>/referrers/<digest>}. */
  record Referrers(String name, String digest) implements DistributionRoute {}

  /** {@code /v2/<name>/_oci/tag-history/<tag>}. */
  record TagHistory(String name, String tag) implements DistributionRoute {}

  /** What the path names; empty if it is none of these. */
  static Optional<DistributionRoute> parse(RawPath path) {
    if (!path.startsWith("v2")) {
      return Optional.empty();
    }
    int parts = path.size() - 1;
    String last = path.fromEnd(0);
    if (parts == 0 || (parts == 1 && last.isEmpty())) {
      return Optional.of(new Base());
    }
    if (parts == 1 && last.equals("_catalog")) {
      return Optional.of(new Catalog());
    }
    String second = path.fromEnd(1);
    String third = path.fromEnd(2);
    if (parts >= 4 && third.equals("blobs") && second.equals("uploads")) {
      String name = path.join(1, path.size() - 3);
      return Optional.of(last.isEmpty() ? new Uploads(name) : new Upload(name, last));
    }
    if (parts >= 4 && third.equals("_oci") && second.equals("tag-history")) {
      return Optional.of(new TagHistory(path.join(1, path.size() - 3), last));
    }
    if (parts < 3) {
      return Optional.empty();
    }
    String name = path.join(1, path.size() - 2);
    return switch (second) {
      case "manifests" -> Optional.of(new Manifest(name, last));
      case "blobs" ->
          Optional.of(last.equals("uploads") ? new Uploads(name) : new Blob(name, last));
      case "referrers" -> Optional.of(new Referrers(name, last));
      case "tags" -> last.equals("list") ? Optional.of(new Tags(name)) : Optional.empty();
      default -> Optional.empty();
    };
  }
}
