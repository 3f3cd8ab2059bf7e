package dev.stele.server.http;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

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

  /**
   * The value of a parameter that has one; absent if it is missing or empty.
   *
   * @throws RefusedRequestException 400 if it is there more than once, of which one would be
   *     ignored
   */
  public Optional<String> first(String name) {
    List<String> found = all(name);
    if (found.size() > 1) {
      throw new DistributionError(
              400, ErrorCode.REQUEST_INVALID, name + " must not be given more than once")
          .asException();
    }
    return found.stream().filter(value -> !value.isEmpty()).findFirst();
  }

  /** All values of a parameter in their order, empty ones too. */
  public List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** The same parameters but for one, which has just this value. */
  public QueryString with(String name, String value) {
    QueryString changed = new QueryString();
    changed.values.putAll(values);
    changed.values.put(name, List.of(value));
    return changed;
  }

  /** The same parameters and one more value of one. */
  public QueryString and(String name, String value) {
    QueryString changed = new QueryString();
    changed.values.putAll(values);
    List<String> all = new ArrayList<>(all(name));
    all.add(value);
    changed.values.put(name, all);
    return changed;
  }

  /** The same parameters but for one. */
  public QueryString without(String name) {
    QueryString changed = new QueryString();
    changed.values.putAll(values);
    changed.values.remove(name);
    return changed;
  }

  /**
   * Returns if there are no parameters but these. One that is not known would be ignored, and the
   * answer be to another question than the one that was meant.
   *
   * @throws RefusedRequestException 400, naming it and those that there are
   */
  public void refuseOthers(Collection<String> known) {
    for (String name : values.keySet()) {
      if (!known.contains(name)) {
        throw new DistributionError(
                400,
                ErrorCode.REQUEST_INVALID,
                "there is no parameter %s here; %s"
                    .formatted(
                        Json.text(name),
                        known.isEmpty()
                            ? "this address has none"
                            : "there are "
                                + known.stream().sorted().collect(Collectors.joining(", "))))
            .asException();
      }
    }
  }

  /** The parameters as an address has them after the question mark. */
  @Override
  public String toString() {
    return values.entrySet().stream()
        .flatMap(
            parameter ->
                parameter.getValue().stream()
                    .map(
                        value ->
                            PercentEncoding.encode(parameter.getKey())
                                + "="
                                + PercentEncoding.encode(value)))
        .collect(Collectors.joining("&"));
  }
}
