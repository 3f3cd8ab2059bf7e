package dev.stele.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.event.CanonicalJson;
import dev.stele.registry.Caller;
import dev.stele.registry.Registry;
import dev.stele.server.Inspection;
import dev.stele.server.ListenAddress;
import dev.stele.server.config.Setting;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the record that a server runs, with what configuration, and that it stops. A database that
 * is away then keeps the server neither from running nor from stopping: that is only logged. For
 * one thread at a time.
 */
final class ServerLife implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(ServerLife.class);

  private final Registry registry;
  private final String node;
  private byte[] configuration;

  private ServerLife(Registry registry, String node, byte[] configuration) {
    this.registry = registry;
    this.node = node;
    this.configuration = configuration;
  }

  /**
   * A server has begun.
   *
   * @param address that it listens on
   * @param settings what is in force
   */
  static ServerLife begin(Registry registry, ListenAddress address, List<Setting> settings) {
    ServerLife life =
        new ServerLife(registry, machine() + ":" + address.port(), document(settings));
    life.tell(
        caller ->
            registry.server().started(caller, life.node, Version.number(), life.configuration));
    return life;
  }

  /** What was read again is in force; it may be as before. */
  synchronized void changed(List<Setting> settings) {
    byte[] now = document(settings);
    if (!Arrays.equals(now, configuration)) {
      configuration = now;
      tell(caller -> registry.server().changed(caller, node, now));
    }
  }

  @Override
  public void close() {
    tell(caller -> registry.server().stopped(caller, node));
  }

  /** Appends one event. */
  @FunctionalInterface
  private interface Telling {
    long append(Caller caller);
  }

  private void tell(Telling telling) {
    try {
      long _ = telling.append(Inspection.operator());
    } catch (RuntimeException e) {
      logger.warn("the record does not know of this: {}", e.getMessage());
    }
  }

  private static String machine() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost"; // which is all that this machine knows of itself
    }
  }

  /** What holds and where it comes from, with secrets masked as people see them. */
  private static byte[] document(List<Setting> settings) {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    for (Setting setting : settings) {
      document
          .putObject(setting.path())
          .put("value", setting.value())
          .put("origin", setting.origin());
    }
    return CanonicalJson.write(document);
  }
}
