package dev.stele.server.distribution;

import dev.stele.registry.Registry;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.RawPath;
import dev.stele.server.http.Resource;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Which methods are answered at which address under {@code /v2}, and by whom. Thread-safe. */
public final class Distribution {
  private final Manifests manifests;
  private final Blobs blobs;
  private final Uploads uploads;
  private final Tags tags;
  private final Catalog catalog;
  private final Referrers referrers;
  private final TagHistory tagHistory;
  private final boolean deletion;

  /**
   * @param maxManifestSize in bytes
   * @param deletion whether tags, manifests and blobs may be deleted
   */
  public Distribution(Registry registry, int maxManifestSize, boolean deletion) {
    this.manifests = new Manifests(registry, maxManifestSize);
    this.blobs = new Blobs(registry);
    this.uploads = new Uploads(registry);
    this.tags = new Tags(registry);
    this.catalog = new Catalog(registry);
    this.referrers = new Referrers(registry);
    this.tagHistory = new TagHistory(registry);
    this.deletion = deletion;
  }

  /** What answers at this path; empty if nothing does. */
  public Optional<Resource> find(RawPath path) {
    return DistributionRoute.parse(path).map(this::resource);
  }

  private Resource resource(DistributionRoute route) {
    return switch (route) {
      case DistributionRoute.Base() -> Resource.at("/v2/").get(Distribution::base);
      case DistributionRoute.Catalog() -> Resource.at("/v2/_catalog").get(catalog::get);
      case DistributionRoute.Tags r -> Resource.at("/v2/{name}/tags/list").get(x -> tags.get(x, r));
      case DistributionRoute.Manifest r ->
          deletable(
              Resource.at("/v2/{name}/manifests/{reference}")
                  .get(x -> manifests.get(x, r))
                  .on("PUT", x -> manifests.put(x, r)),
              x -> manifests.delete(x, r));
      case DistributionRoute.Blob r ->
          deletable(
              Resource.at("/v2/{name}/blobs/{digest}").get(x -> blobs.get(x, r)),
              x -> blobs.delete(x, r));
      case DistributionRoute.Uploads r ->
          Resource.at("/v2/{name}/blobs/uploads/").on("POST", x -> uploads.post(x, r));
      case DistributionRoute.Upload r ->
          Resource.at("/v2/{name}/blobs/uploads/{id}")
              .get(x -> uploads.get(x, r))
              .on("PATCH", x -> uploads.patch(x, r))
              .on("PUT", x -> uploads.put(x, r))
              .on("DELETE", x -> uploads.delete(x, r));
      case DistributionRoute.Referrers r ->
          Resource.at("/v2/{name}/referrers/{digest}").get(x -> referrers.get(x, r));
      case DistributionRoute.TagHistory r ->
          Resource.at("/v2/{name}/_oci/tag-history/{tag}").get(x -> tagHistory.get(x, r));
    };
  }

  private Resource deletable(Resource resource, Resource.Handler delete) {
    if (deletion) {
      return resource.on("DELETE", delete);
    }
    String allowed = resource.allowed();
    return resource.on(
        "DELETE",
        _ -> {
          throw new DistributionError(
                  405, ErrorCode.UNSUPPORTED, "deletion is switched off on this server")
              .with("Allow", allowed)
              .asException();
        });
  }

  private static void base(Exchange exchange) throws IOException {
    exchange.sendJson(200, Map.of());
  }
}
