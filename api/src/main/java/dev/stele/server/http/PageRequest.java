package dev.stele.server.http;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which page of a list a client asks for: at most {@code size} items after {@code last}.
 *
 * @param size 0 asks for an empty page
 * @param last exclusive; absent for the first page
 */
public record PageRequest(int size, Optional<String> last) {

  /**
   * Reads {@code n} and {@code last}. More than the maximum is cut down to it: the client sees a
   * Link.
   *
   * @throws RefusedRequestException 400 PAGINATION_NUMBER_INVALID if {@code n} is not a number; 400
   *     if it or {@code last} is there more than once
   */
  public static PageRequest of(QueryString query, int defaultSize, int maximum) {
    return new PageRequest(size(query, "n", defaultSize, maximum), query.first("last"));
  }

  /** Reads a page size of any name, as {@link #of} does that of {@code n}. */
  public static int size(QueryString query, String name, int defaultSize, int maximum) {
    if (query.all(name).isEmpty()) {
      return defaultSize;
    }
    Optional<String> _ = query.first(name); // refuses a second one
    String text = query.all(name).getFirst();
    if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new DistributionError(
              400,
              ErrorCode.PAGINATION_NUMBER_INVALID,
              name + " must be a number that is not negative",
              Map.of(name, text))
          .asException();
    }
    return text.length() > 9 ? maximum : Math.min(maximum, Integer.parseInt(text));
  }

  /**
   * The value of a Link header to the next page.
   *
   * @param parameters of the address, in their order
   */
  public static String next(String path, Map<String, String> parameters) {
    String query =
        parameters.entrySet().stream()
            .map(e -> e.getKey() + "=" + PercentEncoding.encode(e.getValue()))
            .collect(Collectors.joining("&"));
    return "<" + path + "?" + query + ">; rel=\"next\"";
  }
}
