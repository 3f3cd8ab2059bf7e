package dev.stele.server.distribution;

import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.registry.Page;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code /v2/_catalog}. */
final class Catalog {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;

  record Listing(List<RepositoryName> repositories) {}

  void get(Exchange exchange, Reading reading) throws IOException {
    PageRequest asked = PageRequest.of(exchange.query(), DEFAULT_PAGE, LARGEST_PAGE);
    Page<RepositoryName> page =
        asked.size() == 0
            ? new Page<>(List.of(), false)
            : Page.matching(
                asked.last(),
                asked.size(),
                reading::repositories,
                exchange.access().where(Action.PULL),
                RepositoryName::value);
    if (page.more()) {
      Map<String, String> parameters = new LinkedHashMap<>();
      parameters.put("n", Integer.toString(asked.size()));
      parameters.put("last", page.items().getLast().value());
      exchange.set(
          "Link", PageRequest.next(exchange.address(reading.root() + "_catalog"), parameters));
    }
    exchange.sendJson(200, new Listing(page.items()));
  }
}
