package dev.stele.server.audit;

import dev.stele.registry.Registry;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** {@code /livez}: the process answers. {@code /readyz}: it can serve, or why it cannot. */
final class Health {
  private final Registry registry;
  private final BooleanSupplier stopping;

  Health(Registry registry, BooleanSupplier stopping) {
    this.registry = registry;
    this.stopping = stopping;
  }

  void live(Exchange exchange) throws IOException {
    exchange.sendJson(200, Map.of("status", "live"));
  }

  void ready(Exchange exchange) throws IOException {
    if (stopping.getAsBoolean()) {
      exchange.sendJson(503, Map.of("status", "stopping"));
      return;
    }
    try {
      registry.checkReady();
    } catch (RegistryUnavailableException e) {
      exchange.sendJson(503, Map.of("status", "unavailable", "reason", e.getMessage()));
      return;
    }
    // Pulls go on meanwhile, so a load balancer must not turn away.
    List<String> alarms = registry.alarms();
    exchange.sendJson(
        200,
        alarms.isEmpty() ? Map.of("status", "ready") : Map.of("status", "ready", "alarms", alarms));
  }
}
