package dev.stele.it;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Several servers over one storage, behind a load balancer that gives each request to the next one.
 * Closing stops them all; the storage is the caller's to close. Safe for use by several threads,
 * but for what restarts a node.
 */
final class Nodes implements AutoCloseable {
  private final Map<String, String> environment;
  private final List<SteleProcess> servers = new CopyOnWriteArrayList<>();
  private final HttpRelay balancer;

  private Nodes(Map<String, String> environment) throws IOException {
    this.environment = Map.copyOf(environment);
    this.balancer = HttpRelay.roundRobin(() -> servers.stream().map(SteleProcess::base).toList());
  }

  /**
   * Starts them and waits until all are ready.
   *
   * @param folder where each gets a data folder
   * @param environment the variables of all, such as those of {@link SharedStorage#environment}
   */
  static Nodes start(Path folder, int count, Map<String, String> environment)
      throws IOException, InterruptedException {
    Nodes nodes = new Nodes(environment);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      // The first alone, so that the others find a database that is migrated.
      nodes.servers.add(SteleProcess.start(folder.resolve("node-0"), environment));
      List<Future<SteleProcess>> others = new ArrayList<>();
      for (int i = 1; i < count; i++) {
        Path data = folder.resolve("node-" + i);
        others.add(threads.submit(() -> SteleProcess.start(data, environment)));
      }
      for (Future<SteleProcess> other : others) {
        nodes.servers.add(other.get());
      }
      return nodes;
    } catch (ExecutionException e) {
      nodes.close();
      throw new AssertionError("a node does not start", e.getCause());
    } catch (IOException | InterruptedException | AssertionError e) {
      nodes.close();
      throw e;
    }
  }

  SteleProcess node(int number) {
    return servers.get(number);
  }

  /** A client whose requests go to each node in turn. */
  RegistryClient client() {
    return new RegistryClient(balancer.uri());
  }

  URI base() {
    return balancer.uri();
  }

  /** Ends a node as a power cut would. */
  void kill9(int number) throws InterruptedException {
    servers.get(number).kill9();
  }

  /** Starts a node that was killed, on another port, and waits until it is ready. */
  void restart(int number) throws IOException, InterruptedException {
    servers.set(number, SteleProcess.start(servers.get(number).data(), environment));
  }

  /** The end of what each node printed. */
  String logs() {
    StringBuilder logs = new StringBuilder();
    for (SteleProcess server : servers) {
      logs.append(server.data().getFileName()).append(":\n").append(server.logTail()).append('\n');
    }
    return logs.toString();
  }

  /** Asks all to stop and checks that they do so in good order. */
  void stop() throws IOException, InterruptedException {
    for (SteleProcess server : servers) {
      server.stop();
    }
  }

  @Override
  public void close() throws IOException, InterruptedException {
    balancer.close();
    for (SteleProcess server : servers) {
      server.close();
    }
  }
}
