package dev.stele.server.audit;

import dev.stele.registry.Registry;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * {@code /livez}: the process answers, and can append. {@code /readyz}: it can serve, or why it
 * cannot.
 */
final class Health {
  private final Registry registry;
  private final BooleanSupplier stopping;

  Health(Registry registry, BooleanSupplier stopping) {
    this.registry = registry;
    this.stopping = stopping;
  }

  /** A process that can never append again helps nobody: whoever asks is to restart it. */
  void live(Exchange exchange) throws IOException {
    if (registry.isAlive()) {
      exchange.sendJson(200, Map.of("status", "live"));
    } else {
      exchange.sendJson(503, Map.of("status", "dead"));
    }
  }

  void ready(Exchange exchange) throws IOException {
    if (stopping.getAsBoolean()) {
      exchange.sendJson(503, Map.of("status", "stopping"));
      return;
    }
    Map<String, Object> health = new LinkedHashMap<>();
    int status = 200;
    try {
      registry.checkReady();
      health.put("status", "ready");
    } catch (RegistryUnavailableException e) {
      status = 503;
      health.put("status", "unavailable");
      health.put("reason", e.getMessage());
    }
    // By themselves these are no reason for a load balancer to turn away: pulls go on.
    List<String> alarms = registry.alarms();
    if (!alarms.isEmpty()) {
      health.put("alarms", alarms);
    }
    exchange.sendJson(status, health);
  }
}
