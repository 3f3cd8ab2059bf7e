package dev.stele.server.http;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which media types a client wants (RFC 9110, section 12.5.1). Parameters but {@code q} are passed
 * over, and so is a range that cannot be read. Immutable and thread-safe.
 */
public final class Accept {
  private static final String ALL = "*/*";

  /** Media ranges in lower case, each with its quality. */
  private final Map<String, Double> ranges;

  private Accept(Map<String, Double> ranges) {
    this.ranges = ranges;
  }

  /** What a request says; without a header, anything. */
  public static Accept of(Exchange exchange) {
    return parse(exchange.listHeader("Accept").orElse(ALL));
  }

  /** Reads the lines of a header, joined by commas. */
  static Accept parse(String header) {
    Map<String, Double> ranges = new HashMap<>();
    for (String element : QuotedList.split(header, ',').parts()) {
      List<String> parts = QuotedList.split(element, ';').parts();
      double quality = quality(parts.subList(1, parts.size()));
      if (quality >= 0) {
        ranges.merge(parts.getFirst().toLowerCase(Locale.ROOT), quality, Math::max);
      }
    }
    return new Accept(ranges);
  }

  /**
   * The one of some media types that is wanted most: of the highest quality, and of those first one
   * that is named. A type other than the ordinary one has to be named, since whoever accepts
   * anything wants what is usual.
   *
   * @param ordinary what there is by a wildcard, or if nothing is acceptable
   * @param offers in lower case, the ordinary one among them; of several that are named with the
   *     same quality the first is taken
   */
  public String best(String ordinary, List<String> offers) {
    String best = ordinary;
    double highest = ranges.containsKey(ordinary) ? 0 : byWildcard(ordinary);
    boolean named = false;
    for (String offer : offers) {
      double quality = ranges.getOrDefault(offer, 0.0);
      if (quality > highest || (quality == highest && quality > 0 && !named)) {
        best = offer;
        highest = quality;
        named = true;
      }
    }
    return best;
  }

  private double byWildcard(String mediaType) {
    String family = mediaType.substring(0, mediaType.indexOf('/')) + "/*";
    return ranges.getOrDefault(family, ranges.getOrDefault(ALL, 0.0));
  }

  /** What the last q among parameters says, 1 without one, and less than 0 if it is no quality. */
  private static double quality(List<String> parameters) {
    double quality = 1;
    for (String parameter : parameters) {
      if (parameter.regionMatches(true, 0, "q=", 0, 2)) {
        String text = parameter.substring(2).strip();
        quality = text.matches("0(\\.[0-9]*)?|1(\\.0*)?") ? Double.parseDouble(text) : -1;
      }
    }
    return quality;
  }
}
