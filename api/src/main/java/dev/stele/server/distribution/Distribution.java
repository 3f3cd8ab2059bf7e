package dev.stele.server.distribution;

import dev.stele.history.History;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.registry.Registry;
import dev.stele.server.auth.ServerKey;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.Need;
import dev.stele.server.http.RawPath;
import dev.stele.server.http.Resource;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which methods are answered at which address under {@code /v2}, and by whom. Thread-safe. */
public final class Distribution {
  private static final Need PULL = Need.inRepository(Action.PULL);
  private static final Need PUSH = Need.inRepository(Action.PUSH);

  private final Manifests manifests;
  private final Blobs blobs;
  private final Uploads uploads;
  private final Tags tags;
  private final Catalog catalog;
  private final Referrers referrers;
  private final TagHistory tagHistory;
  private final Registry registry;
  private final History history;
  private final Reading present;
  private final boolean deletion;

  /**
   * @param maxManifestSize in bytes
   * @param deletion whether tags, manifests and blobs may be deleted
   * @param key binds uploads to who began them; absent where nobody can sign in
   */
  public Distribution(
      Registry registry, int maxManifestSize, boolean deletion, Optional<ServerKey> key) {
    this.manifests = new Manifests(registry, maxManifestSize);
    this.blobs = new Blobs(registry);
    this.uploads = new Uploads(registry, key);
    this.tags = new Tags();
    this.catalog = new Catalog();
    this.referrers = new Referrers();
    this.tagHistory = new TagHistory();
    this.registry = registry;
    this.history = new History(registry);
    this.present = new Present(registry);
    this.deletion = deletion;
  }

  /** What answers at this path; empty if nothing does. */
  public Optional<Resource> find(RawPath path) {
    return PastPath.parse(path)
        .map(this::readOnly)
        .or(() -> DistributionRoute.parse(path).map(this::resource));
  }

  private Resource resource(DistributionRoute route) {
    return switch (route) {
      case DistributionRoute.Base() -> Resource.at("/v2/").get(Need.ENTRY, Distribution::base);
      case DistributionRoute.Catalog() ->
          Resource.at("/v2/_catalog").get(Need.filtered(Action.PULL), x -> catalog.get(x, present));
      case DistributionRoute.Tags r ->
          Resource.at("/v2/{name}/tags/list", r.name()).get(PULL, x -> tags.get(x, present, r));
      case DistributionRoute.Manifest r ->
          deletable(
              Resource.at("/v2/{name}/manifests/{reference}", r.name())
                  .get(PULL, x -> manifests.get(x, present, r))
                  .on("PUT", PUSH, x -> manifests.put(x, r))
                  .heedingPreconditions("PUT", "DELETE"),
              x -> manifests.delete(x, r));
      case DistributionRoute.Blob r ->
          deletable(
              Resource.at("/v2/{name}/blobs/{digest}", r.name())
                  .get(PULL, x -> blobs.get(x, present, r))
                  .heedingPreconditions("DELETE"),
              x -> blobs.delete(x, r));
      case DistributionRoute.Uploads r ->
          Resource.at("/v2/{name}/blobs/uploads/", r.name())
              .on("POST", PUSH, x -> uploads.post(x, r))
              .heedingPreconditions("POST");
      case DistributionRoute.Upload r ->
          Resource.at("/v2/{name}/blobs/uploads/{id}", r.name())
              .get(PUSH, x -> uploads.get(x, r))
              .on("PATCH", PUSH, x -> uploads.patch(x, r))
              .on("PUT", PUSH, x -> uploads.put(x, r))
              .on("DELETE", PUSH, x -> uploads.delete(x, r))
              .heedingPreconditions("PUT");
      case DistributionRoute.Referrers r ->
          Resource.at("/v2/{name}/referrers/{digest}", r.name())
              .get(PULL, x -> referrers.get(x, present, r));
      case DistributionRoute.TagHistory r ->
          Resource.at("/v2/{name}/_oci/tag-history/{tag}", r.name())
              .get(PULL, x -> tagHistory.get(x, present, r));
    };
  }

  /** What answers for the past: what reads, as it was, and a refusal of all else. */
  private Resource readOnly(PastPath path) {
    return switch (path.route()) {
      case DistributionRoute.Base() -> past(pastAt(""), Need.ENTRY, path, (x, _) -> base(x));
      case DistributionRoute.Catalog() ->
          past(pastAt("_catalog"), Need.filtered(Action.PULL), path, catalog::get);
      case DistributionRoute.Tags r ->
          past(
              pastAt("{name}/tags/list", r.name()),
              PULL,
              path,
              (x, reading) -> tags.get(x, reading, r));
      case DistributionRoute.Manifest r ->
          past(
              pastAt("{name}/manifests/{reference}", r.name()),
              PULL,
              path,
              (x, reading) -> manifests.get(x, reading, r));
      case DistributionRoute.Blob r ->
          past(
              pastAt("{name}/blobs/{digest}", r.name()),
              PULL,
              path,
              (x, reading) -> blobs.get(x, reading, r));
      case DistributionRoute.Referrers r ->
          past(
              pastAt("{name}/referrers/{digest}", r.name()),
              PULL,
              path,
              (x, reading) -> referrers.get(x, reading, r));
      case DistributionRoute.TagHistory r ->
          past(
              pastAt("{name}/_oci/tag-history/{tag}", r.name()),
              PULL,
              path,
              (x, reading) -> tagHistory.get(x, reading, r));
      case DistributionRoute.Uploads r -> writesRefused(pastAt("{name}/blobs/uploads/", r.name()));
      case DistributionRoute.Upload r ->
          writesRefused(pastAt("{name}/blobs/uploads/{id}", r.name()));
    };
  }

  @FunctionalInterface
  private interface Reader {
    void answer(Exchange exchange, Reading reading) throws IOException;
  }

  private Resource past(Resource resource, Need need, PastPath path, Reader reader) {
    return writesRefused(
        resource.get(
            need,
            x ->
                reader.answer(
                    x,
                    new Past(
                        registry,
                        history,
                        Refusals.accepted(history.asOf(path.moment())),
                        path.root(),
                        repository ->
                            // Whatever their token is for: no client asks for one for this.
                            x.access()
                                .policy()
                                .allows(x.access().who(), Action.READ_RECORD, repository)))));
  }

  private static Resource pastAt(String address) {
    return Resource.at("/v2/at/{moment}/" + address);
  }

  private static Resource pastAt(String address, String repository) {
    return Resource.at("/v2/at/{moment}/" + address, repository);
  }

  private static Resource writesRefused(Resource resource) {
    String allowed = resource.allowed();
    for (String method : List.of("POST", "PUT", "PATCH", "DELETE")) {
      resource.on(
          method,
          Need.ENTRY,
          x -> {
            throw new DistributionError(
                    405,
                    ErrorCode.UNSUPPORTED,
                    "the past is read-only: names that begin with at/<moment>/ say what was there"
                        + " then; push to the name without that")
                .with("Allow", allowed)
                .asException();
          });
    }
    return resource;
  }

  private Resource deletable(Resource resource, Resource.Handler delete) {
    if (deletion) {
      return resource.on("DELETE", Need.inRepository(Action.DELETE), delete);
    }
    String allowed = resource.allowed();
    return resource.on(
        "DELETE",
        Need.inRepository(Action.DELETE),
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
