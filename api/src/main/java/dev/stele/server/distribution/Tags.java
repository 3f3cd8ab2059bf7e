package dev.stele.server.distribution;

import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Page;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code /v2/<name>/tags/list}. */
final class Tags {
  private static final int DEFAULT_PAGE = 1_000;
  private static final int LARGEST_PAGE = 10_000;

  record Listing(RepositoryName name, List<Tag> tags) {}

  void get(Exchange exchange, Reading reading, DistributionRoute.Tags route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    PageRequest asked = PageRequest.of(exchange.query(), DEFAULT_PAGE, LARGEST_PAGE);
    // An empty page still tells an unknown repository from an empty one.
    Page<Tag> page = reading.tags(repository, asked.last(), Math.max(1, asked.size()));
    if (asked.size() == 0) {
      page = new Page<>(List.of(), false);
    }
    if (page.more()) {
      Map<String, String> parameters = new LinkedHashMap<>();
      parameters.put("n", Integer.toString(asked.size()));
      parameters.put("last", page.items().getLast().value());
      exchange.set(
          "Link",
          PageRequest.next(
              exchange.address(reading.root() + repository + "/tags/list"), parameters));
    }
    exchange.sendJson(200, new Listing(repository, page.items()));
  }
}
