package dev.stele.server.http;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  private final Optional<String> repository;
  private final Map<String, Handler> handlers = new TreeMap<>();
  private final Map<String, Need> needs = new HashMap<>();
  private final Set<String> conditional = new HashSet<>();

  private Resource(String template, Optional<String> repository) {
    this.template = template;
    this.repository = repository;
  }

  /** An address that names no repository. */
  public static Resource at(String template) {
    return new Resource(template, Optional.empty());
  }

  /**
   * An address that names a repository.
   *
   * @param repository as the address has it, unchecked
   */
  public static Resource at(String template, String repository) {
    return new Resource(template, Optional.of(repository));
  }

  /** Answers GET, and HEAD in the same way: {@link Exchange} leaves the body out. */
  public Resource get(Need need, Handler handler) {
    return on("GET", need, handler).on("HEAD", need, handler);
  }

  /** Answers a method, for whoever has what it needs. */
  public Resource on(String method, Need need, Handler handler) {
    handlers.put(method, handler);
    needs.put(method, need);
    return this;
  }

  /** What a method needs that is answered. */
  public Need need(String method) {
    return Objects.requireNonNull(needs.get(method), method);
  }

  /** The repository that the address names, unchecked. */
  public Optional<String> repository() {
    return repository;
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
