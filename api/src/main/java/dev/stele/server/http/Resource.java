package dev.stele.server.http;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
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
