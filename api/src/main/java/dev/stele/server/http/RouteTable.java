package dev.stele.server.http;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What answers at which addresses, as a list that can be read: the documentation is held against
 * it. An address is a template such as {@code /api/v1/repositories/{name}/-/tags/{tag}/history}. A
 * parameter is one segment of a path, but of {@value #NAME}, which is a repository's name, and
 * {@value #TILE} a template has one at most, which is one segment or more. Filled once, and then
 * thread-safe.
 */
public final class RouteTable {
  private static final String NAME = "{name}";
  private static final String TILE = "{tile}";

  /** Answers a request whose path has parameters. */
  @FunctionalInterface
  public interface Handler {
    void handle(Exchange exchange, Parameters parameters) throws IOException, InterruptedException;
  }

  /** What a path has in the places of a template's parameters, decoded and otherwise as it came. */
  public record Parameters(Map<String, String> values) {
    /**
     * The value of a parameter that the template has.
     *
     * @param name without braces
     */
    public String get(String name) {
      String value = values.get(name);
      if (value == null) {
        throw new IllegalArgumentException("the template has no parameter " + name);
      }
      return value;
    }
  }

  /** A method at an address. HEAD is not listed: it is answered where GET is. */
  public record Route(String method, String template, Need need) {}

  private record Entry(Route route, List<String> segments, Handler handler) {}

  private final List<Entry> entries = new ArrayList<>();

  /** Answers GET, and HEAD in the same way. */
  public RouteTable get(String template, Need need, Handler handler) {
    return on("GET", template, need, handler);
  }

  /** Answers another method. */
  public RouteTable on(String method, String template, Need need, Handler handler) {
    entries.add(
        new Entry(
            new Route(method, template, need), List.of(template.substring(1).split("/")), handler));
    return this;
  }

  /** Every method at every address, in the order in which they were added. */
  public List<Route> routes() {
    return entries.stream().map(Entry::route).toList();
  }

  /** What answers at this path, by whatever methods; empty if nothing does. */
  public Optional<Resource> find(RawPath path) {
    Optional<Resource> found = Optional.empty();
    for (Entry entry : entries) {
      Optional<Parameters> parameters = match(entry.segments(), path);
      if (parameters.isEmpty()) {
        continue;
      }
      String template = entry.route().template();
      if (found.isPresent() && !found.get().template().equals(template)) {
        continue;
      }
      Optional<String> repository = Optional.ofNullable(parameters.get().values().get("name"));
      Resource resource =
          found.orElseGet(
              () ->
                  repository
                      .map(name -> Resource.at(template, name))
                      .orElseGet(() -> Resource.at(template)));
      Resource.Handler handler = exchange -> entry.handler().handle(exchange, parameters.get());
      Need need = entry.route().need();
      found =
          Optional.of(
              entry.route().method().equals("GET")
                  ? resource.get(need, handler)
                  : resource.on(entry.route().method(), need, handler));
    }
    return found;
  }

  private static Optional<Parameters> match(List<String> template, RawPath path) {
    List<String> segments = path.segments();
    int more = segments.size() - template.size();
    if (more < 0) {
      return Optional.empty();
    }
    Map<String, String> values = new HashMap<>();
    int next = 0;
    for (String part : template) {
      int length = part.equals(NAME) || part.equals(TILE) ? 1 + more : 1;
      if (next + length > segments.size()) {
        return Optional.empty();
      }
      String value = path.join(next, next + length);
      if (part.startsWith("{")) {
        values.put(part.substring(1, part.length() - 1), value);
      } else if (!part.equals(value)) {
        return Optional.empty();
      }
      next += length;
    }
    return next == segments.size() ? Optional.of(new Parameters(values)) : Optional.empty();
  }
}
