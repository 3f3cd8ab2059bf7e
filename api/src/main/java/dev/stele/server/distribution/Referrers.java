package dev.stele.server.distribution;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.ImageIndex;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Page;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code /v2/<name>/referrers/<digest>}: an index of what refers to a subject, never a 404. */
final class Referrers {
  // Several clients read only the first page, so pages are large.
  private static final int DEFAULT_PAGE = 500;
  private static final int LARGEST_PAGE = 1_000;

  void get(Exchange exchange, Reading reading, DistributionRoute.Referrers route)
      throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    Digest subject = Digest.parse(route.digest());
    PageRequest asked = PageRequest.of(exchange.query(), DEFAULT_PAGE, LARGEST_PAGE);
    Optional<Digest> after = asked.last().map(Digest::parse);
    Optional<String> artifactType = exchange.query().first("artifactType");
    Page<Descriptor> page =
        asked.size() == 0
            ? new Page<>(List.of(), false)
            : reading.referrers(repository, subject, artifactType, after, asked.size());
    if (artifactType.isPresent()) {
      exchange.set("OCI-Filters-Applied", "artifactType");
    }
    if (page.more()) {
      Map<String, String> parameters = new LinkedHashMap<>();
      artifactType.ifPresent(type -> parameters.put("artifactType", type));
      parameters.put("n", Integer.toString(asked.size()));
      parameters.put("last", page.items().getLast().digest().toString());
      exchange.set(
          "Link",
          PageRequest.next(
              exchange.address(reading.root() + repository + "/referrers/" + subject), parameters));
    }
    exchange.sendJson(200, MediaTypes.OCI_INDEX, ImageIndex.of(page.items()));
  }
}
