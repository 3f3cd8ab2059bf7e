package dev.stele.question;

import dev.stele.server.http.DistributionError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A page of rows.
 *
 * @param about what the whole answer is of, such as the moment; keys of the JSON object beside the
 *     rows
 * @param next the parameters that ask for the page that follows, in place of those asked with; one
 *     without a value is left out there; empty if nothing follows
 * @param unknown why there is nothing, if what is asked about is not on record at all: over HTTP
 *     that is the answer
 */
public record Answer<R>(
    Map<String, Object> about,
    List<R> rows,
    Map<String, Optional<String>> next,
    Optional<DistributionError> unknown) {
  /** The key in {@link #about} of a sentence that nobody must overlook. */
  public static final String NOTE = "note";

  public Answer {
    rows = List.copyOf(rows);
  }

  /** A page after which nothing follows. */
  public static <R> Answer<R> of(Map<String, Object> about, List<R> rows) {
    return new Answer<>(about, rows, Map.of(), Optional.empty());
  }

  /** An answer that is one thing. */
  public static <R> Answer<R> one(R row) {
    return of(Map.of(), List.of(row));
  }

  /** The same and the last page, with a sentence that nobody must overlook. */
  Answer<R> end(String note) {
    Map<String, Object> more = new LinkedHashMap<>(about);
    more.put(NOTE, note);
    return new Answer<>(more, rows, Map.of(), unknown);
  }

  /** The same, of what is not on record at all. */
  Answer<R> unknown(DistributionError error) {
    return new Answer<>(about, rows, next, Optional.of(error));
  }

  /** The same, of which a page follows if a parameter has this value; without one, none does. */
  Answer<R> next(Parameter<?> parameter, Optional<?> value) {
    return value.isEmpty() ? this : following(parameter, value.map(Object::toString));
  }

  /** The same, of which a page follows without a parameter that this one may have had. */
  Answer<R> nextWithout(Parameter<?> parameter) {
    return following(parameter, Optional.empty());
  }

  private Answer<R> following(Parameter<?> parameter, Optional<String> value) {
    Map<String, Optional<String>> more = new LinkedHashMap<>(next);
    more.put(parameter.name(), value);
    return new Answer<>(about, rows, more, unknown);
  }

  /** Keys and values in this order; an empty value leaves its key out. */
  public static Map<String, Object> about(Object... keysAndValues) {
    Map<String, Object> about = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      Object value = keysAndValues[i + 1];
      if (value instanceof Optional<?> optional) {
        if (optional.isEmpty()) {
          continue;
        }
        value = optional.get();
      }
      about.put((String) keysAndValues[i], value);
    }
    return about;
  }
}
