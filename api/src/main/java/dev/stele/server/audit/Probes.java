package dev.stele.server.audit;

import dev.stele.registry.Health;
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
final class Probes {
  private final Health health;
  private final BooleanSupplier stopping;

  Probes(Health health, BooleanSupplier stopping) {
    this.health = health;
    this.stopping = stopping;
  }

  /** A process that can never append again helps nobody: whoever asks is to restart it. */
  void live(Exchange exchange) throws IOException {
    if (health.isAlive()) {
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
    Map<String, Object> answer = new LinkedHashMap<>();
    int status = 200;
    try {
      health.checkReady();
      answer.put("status", "ready");
    } catch (RegistryUnavailableException e) {
      status = 503;
      answer.put("status", "unavailable");
      answer.put("reason", e.getMessage());
    }
    // By themselves these are no reason for a load balancer to turn away: pulls go on.
    List<String> alarms = health.alarms();
    if (!alarms.isEmpty()) {
      answer.put("alarms", alarms);
    }
    exchange.sendJson(status, answer);
  }
}
