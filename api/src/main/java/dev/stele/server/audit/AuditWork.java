package dev.stele.server.audit;

import dev.stele.oci.Digest;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.Durations;
import dev.stele.question.DigestText;
import dev.stele.registry.Archive;
import dev.stele.server.config.Configuration;
import dev.stele.server.http.Access;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import dev.stele.sql.Deadline;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.MDC;

/**
 * Where the record is searched and policies are evaluated: on a few platform threads, each piece of
 * work until a deadline. A virtual thread that computes keeps its carrier, of which there are as
 * many as processors, so a few long questions would stop pushes, pulls and probes; here the
 * operating system divides the processors between them. Whoever waits holds nothing, and so many
 * may. Thread-safe.
 */
final class AuditWork implements AutoCloseable {
  private final Configuration.AuditLimits limits;
  private final ExecutorService threads;
  // Fair, so that streams, of which many may wait, do not overtake each other.
  private final Semaphore free;
  private final AtomicInteger waiting = new AtomicInteger();
  private final Counter stopped;

  AuditWork(Configuration.AuditLimits limits, MeterRegistry meters) {
    this.limits = limits;
    this.threads =
        Executors.newFixedThreadPool(
            limits.threads(), Thread.ofPlatform().name("audit-", 0).daemon().factory());
    this.free = new Semaphore(limits.threads(), true);
    Gauge.builder("stele.audit.running", free, f -> limits.threads() - f.availablePermits())
        .description("Questions to the record that are being answered now")
        .register(meters);
    Gauge.builder("stele.audit.waiting", waiting, AtomicInteger::get)
        .description("Questions to the record that wait for their turn")
        .register(meters);
    this.stopped =
        Counter.builder("stele.audit.stopped")
            .description("Questions to the record that took too long and were stopped")
            .register(meters);
  }

  /**
   * Does some work and returns its result.
   *
   * @throws RefusedRequestException if too many wait already, or it was not done in time: then it
   *     has been stopped. What the work throws is thrown likewise
   */
  <T> T run(Deadline.Work<T> work) throws IOException, InterruptedException {
    Deadline deadline = Deadline.in(limits.deadline());
    if (free.tryAcquire()) {
      return run(work, deadline);
    }
    try {
      if (waiting.incrementAndGet() > limits.waiting()) {
        throw busy();
      }
      if (!free.tryAcquire(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
        throw busy();
      }
    } finally {
      waiting.decrementAndGet();
    }
    return run(work, deadline);
  }

  /**
   * The same for who has been let in already, such as a stream, however many wait and for however
   * long.
   */
  <T> T runLetIn(Deadline.Work<T> work) throws IOException, InterruptedException {
    free.acquire();
    return run(work, Deadline.in(limits.deadline()));
  }

  /** The digest that a text means, which may be short; a look-up is a question, too. */
  Optional<Digest> resolve(Optional<String> text, Archive archive, Access access)
      throws IOException, InterruptedException {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    DigestText digest = DigestText.parse(text.get());
    return Optional.of(
        run(() -> digest.resolve(archive, access.mayEverywhere(Action.READ_RECORD))));
  }

  private <T> T run(Deadline.Work<T> work, Deadline deadline)
      throws IOException, InterruptedException {
    Task<T> task = new Task<>(work, deadline, free);
    try {
      threads.execute(task);
    } catch (RejectedExecutionException _) {
      free.release();
      throw unavailable("the server is stopping; ask again in a moment");
    }
    try {
      return task.result.get(Math.max(0, deadline.left().toNanos()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      throw tooLong();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Deadline.DeadlineOverException || deadline.left().isNegative()) {
        throw tooLong();
      }
      throw failure(e.getCause());
    } finally {
      task.stop(); // nobody waits for it any more
    }
  }

  private static RuntimeException failure(Throwable thrown)
      throws IOException, InterruptedException {
    switch (thrown) {
      case RuntimeException e -> throw e;
      case IOException e -> throw e;
      case InterruptedException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(thrown);
    }
  }

  private static RefusedRequestException busy() {
    return unavailable("too many questions to the record at once; ask again in a moment");
  }

  private RefusedRequestException tooLong() {
    stopped.increment();
    return unavailable(
        ("this took longer than %s (audit.deadline) and was stopped; ask for less, such as a"
             + " shorter time or a narrower filter, or when less is asked, or have its operator set"
             + " a longer one")
            .formatted(Durations.format(limits.deadline())));
  }

  /** How long a question may wait and work. */
  Duration deadline() {
    return limits.deadline();
  }

  /** The answer to who came when too much was being done. */
  static RefusedRequestException unavailable(String message) {
    return new DistributionError(503, ErrorCode.UNAVAILABLE, message)
        .with("Retry-After", "5")
        .asException();
  }

  /** Work, and what came of it. Its thread is free again when it has really ended. */
  private static final class Task<T> implements Runnable {
    private final Deadline.Work<T> work;
    private final Deadline deadline;
    private final Semaphore free;
    private final Optional<Map<String, String>> context =
        Optional.ofNullable(MDC.getCopyOfContextMap());
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private Optional<Thread> running = Optional.empty();

    private Task(Deadline.Work<T> work, Deadline deadline, Semaphore free) {
      this.work = work;
      this.deadline = deadline;
      this.free = free;
    }

    @Override
    public void run() {
      context.ifPresent(MDC::setContextMap);
      runsIn(Optional.of(Thread.currentThread()));
      try {
        result.complete(deadline.within(work));
      } catch (Throwable e) { // whoever waits throws it
        result.completeExceptionally(e);
      } finally {
        runsIn(Optional.empty());
        boolean _ = Thread.interrupted(); // meant for this work alone
        MDC.clear();
        free.release();
      }
    }

    private synchronized void runsIn(Optional<Thread> thread) {
      running = thread;
    }

    private synchronized void stop() {
      running.ifPresent(Thread::interrupt);
    }
  }

  /** Stops what is being done, and returns when nothing is any more. */
  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
