package dev.stele.server.http;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What answers at one address: a handler for each method. {@code template} names the kind of
 * address in metrics.
 */
public final class Resource {
  /** Answers a request. */
  @FunctionalInterface
  public interface Handler {
    void handle(Exchange exchange) throws IOException, InterruptedException;
  }

  private final String template;
  private final Map<String, Handler> handlers = new TreeMap<>();
  private final Set<String> conditional = new HashSet<>();

  private Resource(String template) {
    this.template = template;
  }

  public static Resource at(String template) {
    return new Resource(template);
  }

  /** Answers GET, and HEAD in the same way: {@link Exchange} leaves the body out. */
  public Resource get(Handler handler) {
    return on("GET", handler).on("HEAD", handler);
  }

  public Resource on(String method, Handler handler) {
    handlers.put(method, handler);
    return this;
  }

  /**
   * Says that a method that writes heeds preconditions; one that does not is refused with any,
   * since a write must not be carried out if what it demands is false (RFC 9110, section 13.1).
   */
  public Resource heedingPreconditions(String... methods) {
    conditional.addAll(List.of(methods));
    return this;
  }

  public boolean heedsPreconditions(String method) {
    return conditional.contains(method);
  }

  public String template() {
    return template;
  }

  public Optional<Handler> handler(String method) {
    return Optional.ofNullable(handlers.get(method));
  }

  /** The methods that are answered, as the Allow header lists them. */
  public String allowed() {
    return String.join(", ", handlers.keySet());
  }
}
