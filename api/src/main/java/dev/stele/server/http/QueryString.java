package dev.stele.server.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The parameters of a request's address. A {@code +} stands for itself: media types and times have
 * it, and no parameter of this server has spaces.
 */
public final class QueryString {
  private final Map<String, List<String>> values = new LinkedHashMap<>();

  private QueryString() {}

  /**
   * Reads what follows the question mark; null or empty for nothing.
   *
   * @throws RefusedRequestException 400 for bad percent-encoding and control characters
   */
  public static QueryString parse(String raw) {
    QueryString query = new QueryString();
    if (raw == null || raw.isEmpty()) {
      return query;
    }
    for (String pair : raw.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      query.values.computeIfAbsent(name, _ -> new ArrayList<>(1)).add(value);
    }
    return query;
  }

  private static String decode(String text) {
    return PercentEncoding.decode(text, ErrorCode.REQUEST_INVALID);
  }

  /** The first value of a parameter; absent if it is missing or empty. */
  public Optional<String> first(String name) {
    List<String> found = all(name);
    return found.isEmpty() || found.getFirst().isEmpty()
        ? Optional.empty()
        : Optional.of(found.getFirst());
  }

  /** All values of a parameter in their order, empty ones too. */
  public List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** The first value of each parameter, in the order of the address; a copy. */
  public Map<String, String> firstValues() {
    Map<String, String> first = new LinkedHashMap<>();
    values.forEach((name, all) -> first.put(name, all.getFirst()));
    return first;
  }
}
