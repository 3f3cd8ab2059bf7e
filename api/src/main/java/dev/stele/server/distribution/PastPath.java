package dev.stele.server.distribution;

import dev.stele.log.Moment;
import dev.stele.server.http.RawPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An address {@code /v2/at/<moment>/...}: what {@code /v2/...} was at that moment.
 *
 * @param root as far as the moment, with a slash
 */
record PastPath(Moment moment, DistributionRoute route, String root) {
  /**
   * Reads an address; empty if it does not speak of the past. A repository {@code at/<moment>},
   * with no segment after it, does not: nothing of the past could be meant.
   *
   * @throws dev.stele.oci.InvalidNameException if it does, but there is no such date or time
   */
  static Optional<PastPath> parse(RawPath path) {
    if (path.size() < 4 || !path.startsWith("v2", "at")) {
      return Optional.empty();
    }
    String written = path.segments().get(2);
    List<String> present = new ArrayList<>(List.of("v2"));
    present.addAll(path.segments().subList(3, path.size()));
    return DistributionRoute.parse(new RawPath(present))
        .flatMap(
            route ->
                Moment.inPath(written)
                    .map(moment -> new PastPath(moment, route, "/v2/at/" + written + "/")));
  }
}
