package dev.stele.server.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.server.http.RawPath;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DistributionRouteTest {
  @Test
  void readsEveryAddress() {
    assertThat(route("/v2")).contains(new DistributionRoute.Base());
    assertThat(route("/v2/")).contains(new DistributionRoute.Base());
    assertThat(route("/v2/_catalog")).contains(new DistributionRoute.Catalog());
    assertThat(route("/v2/a/b/tags/list")).contains(new DistributionRoute.Tags("a/b"));
    assertThat(route("/v2/a/manifests/1")).contains(new DistributionRoute.Manifest("a", "1"));
    assertThat(route("/v2/a/b/c/blobs/d:1")).contains(new DistributionRoute.Blob("a/b/c", "d:1"));
    assertThat(route("/v2/a/blobs/uploads/")).contains(new DistributionRoute.Uploads("a"));
    assertThat(route("/v2/a/blobs/uploads")).contains(new DistributionRoute.Uploads("a"));
    assertThat(route("/v2/a/blobs/uploads/x")).contains(new DistributionRoute.Upload("a", "x"));
    assertThat(route("/v2/a/referrers/d")).contains(new DistributionRoute.Referrers("a", "d"));
    assertThat(route("/v2/a/_oci/tag-history/t"))
        .contains(new DistributionRoute.TagHistory("a", "t"));
  }

  @Test
  void theLastKeywordCounts() {
    assertThat(route("/v2/a/manifests/b/manifests/1"))
        .contains(new DistributionRoute.Manifest("a/manifests/b", "1"));
    assertThat(route("/v2/a/blobs/uploads/manifests/1"))
        .contains(new DistributionRoute.Manifest("a/blobs/uploads", "1"));
    assertThat(route("/v2/a/manifests/blobs/uploads/"))
        .contains(new DistributionRoute.Uploads("a/manifests"));
    assertThat(route("/v2/blobs/blobs/blobs/uploads/x"))
        .contains(new DistributionRoute.Upload("blobs/blobs", "x"));
    assertThat(route("/v2/tags/list/tags/list")).contains(new DistributionRoute.Tags("tags/list"));
  }

  @Test
  void anythingElseIsNothing() {
    for (String raw :
        new String[] {
          "/",
          "/v1/",
          "/v2/x",
          "/v2/x/y",
          "/v2/manifests/1",
          "/v2/blobs/uploads/",
          "/v2/tags/list",
          "/v2/a/tags/other",
          "/v2/_catalog/x",
          "/v2//",
          "/v22/a/manifests/1",
          "/v2/a/_oci/other/t"
        }) {
      assertThat(route(raw)).as(raw).isEmpty();
    }
  }

  private static Optional<DistributionRoute> route(String raw) {
    return DistributionRoute.parse(RawPath.parse(raw));
  }
}
