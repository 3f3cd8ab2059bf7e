package dev.stele.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.event.CanonicalJson;
import dev.stele.oci.Digest;
import dev.stele.registry.Caller;
import dev.stele.registry.Registry;
import dev.stele.server.Inspection;
import dev.stele.server.ListenAddress;
import dev.stele.server.config.Setting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the record that a server runs, with what configuration, and that it stops. A database that
 * is away then keeps the server neither from running nor from stopping: that is only logged. For
 * one thread at a time.
 */
final class ServerLife implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(ServerLife.class);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Registry registry;
  private Optional<String> node = Optional.empty();
  private byte[] configuration = {};

  ServerLife(Registry registry) {
    this.registry = registry;
  }

  /**
   * A server has begun.
   *
   * @param address that it listens on
   * @param settings what is in force
   */
  synchronized void begin(ListenAddress address, List<Setting> settings) {
    String name = machine() + ":" + address.port();
    node = Optional.of(name);
    configuration = document(settings);
    byte[] now = configuration;
    tell(caller -> registry.server().started(caller, name, Version.number(), now));
  }

  /** What was read again is in force; it may be as before. */
  synchronized void changed(List<Setting> settings) {
    byte[] now = document(settings);
    if (!Arrays.equals(now, configuration)) {
      configuration = now;
      tell(caller -> registry.server().changed(caller, node.orElseThrow(), now));
    }
  }

  /** It has stopped, if it ever began; what it had only counted comes before that. */
  @Override
  public synchronized void close() {
    node.ifPresent(
        name ->
            tell(
                caller -> {
                  registry.pulls().flush();
                  registry.accesses().flush();
                  return registry.server().stopped(caller, name);
                }));
  }

  /** Appends one event. */
  @FunctionalInterface
  private interface Telling {
    long append(Caller caller);
  }

  private static void tell(Telling telling) {
    Caller caller = Inspection.operator();
    Future<Long> told = CompletableFuture.supplyAsync(() -> telling.append(caller));
    try {
      long _ = told.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      String why =
          e.getCause() == null ? "the database does not answer" : e.getCause().getMessage();
      logger.warn("the record may not know of this: {}", why);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String machine() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost"; // which is all that this machine knows of itself
    }
  }

  /** So that it is seen if users changed while no server ran. */
  private static String digest(Path file) {
    try {
      return Digest.of(Digest.Algorithm.SHA256, Files.readAllBytes(file)).toString();
    } catch (IOException e) {
      return "unreadable";
    }
  }

  /** What holds and where it comes from, with secrets masked as people see them. */
  private static byte[] document(List<Setting> settings) {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    for (Setting setting : settings) {
      ObjectNode told =
          document
              .putObject(setting.path())
              .put("value", setting.value())
              .put("origin", setting.origin());
      if (setting.path().equals("htpasswd") && !setting.value().isEmpty()) {
        told.put("content", digest(Path.of(setting.value())));
      }
    }
    return CanonicalJson.write(document);
  }
}
