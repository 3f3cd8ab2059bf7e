package dev.stele.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;

/** Runs the same step again and again on several connections for a while and counts. */
final class Concurrent {
  /** What one connection does. */
  interface Client extends AutoCloseable {
    /**
     * Does the step once.
     *
     * @param number of the step on this connection, from 0
     */
    void step(int number) throws IOException;

    @Override
    void close() throws IOException;
  }

  /** Makes the client of each connection. */
  interface Connector {
    Client connect(int connection) throws IOException;
  }

  /** What each of several does once. */
  interface Task {
    void run(int number) throws IOException;
  }

  private Concurrent() {}

  /** Runs a task several times at once; answers tasks a second. One that fails ends the run. */
  static double once(int tasks, Task task) throws IOException, InterruptedException {
    List<Future<Void>> running = new ArrayList<>();
    long start = System.nanoTime();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < tasks; i++) {
        int number = i;
        running.add(
            threads.submit(
                () -> {
                  task.run(number);
                  return null;
                }));
      }
      for (Future<Void> each : running) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("a client failed: " + e.getCause().getMessage(), e.getCause());
    }
    return tasks / BlobWorkload.seconds(start);
  }

  /**
   * Steps on all connections together, each as soon as it can, and how long each took. A step that
   * fails ends the run with its error.
   */
  static Latencies steps(int connections, Duration duration, Connector connector)
      throws IOException, InterruptedException {
    CountDownLatch ready = new CountDownLatch(connections);
    List<Future<long[]>> clients = new ArrayList<>();
    List<long[]> nanos = new ArrayList<>();
    long start;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < connections; i++) {
        int connection = i;
        clients.add(threads.submit(() -> stepUntilDone(connector, connection, ready, duration)));
      }
      ready.await();
      start = System.nanoTime();
      for (Future<long[]> client : clients) {
        nanos.add(client.get());
      }
    } catch (ExecutionException e) {
      throw new IOException("a client failed: " + e.getCause().getMessage(), e.getCause());
    }
    double seconds = BlobWorkload.seconds(start);
    long[] sorted = nanos.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    return new Latencies(sorted, sorted.length / seconds);
  }

  private static long[] stepUntilDone(
      Connector connector, int connection, CountDownLatch ready, Duration duration)
      throws IOException, InterruptedException {
    Client connected;
    try {
      connected = connector.connect(connection);
    } finally {
      // Also when it failed, so that the others need not wait for it.
      ready.countDown();
    }
    try (Client client = connected) {
      ready.await();
      long end = System.nanoTime() + duration.toNanos();
      LongStream.Builder taken = LongStream.builder();
      int steps = 0;
      for (long now = System.nanoTime(); now < end; ) {
        client.step(steps++);
        long after = System.nanoTime();
        taken.add(after - now);
        now = after;
      }
      return taken.build().toArray();
    }
  }
}
