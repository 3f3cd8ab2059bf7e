package dev.stele.registry;

import dev.stele.claim.StoreClaims;
import dev.stele.gc.CollectingWindow;
import dev.stele.gc.Collector;
import dev.stele.gc.GcOptions;
import dev.stele.log.Leadership;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.log.Recurring;
import dev.stele.projection.ProjectionRunner;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The work that goes on by itself on the node that leads. Each kind has a thread of its own; one
 * that fails waits, longer each time, and tries again, and never skips anything.
 */
final class Background implements AutoCloseable {
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
  private static final Duration BETWEEN_ROUNDS = Duration.ofMillis(20);

  /** For what nobody waits for. */
  private static final Duration SELDOM = Duration.ofMillis(250);

  private static final Duration RARELY = Duration.ofMinutes(1);

  /** Some work; the result says whether there may be more at once. */
  @FunctionalInterface
  interface Work {
    boolean step() throws Exception;
  }

  /** Work that failed and has said why, so that it is only to be counted. */
  private static final class ToldFailure extends Exception {
    private static final long serialVersionUID = 1L;
  }

  private final LogSignal signal;
  private final Collector collector;
  private final Runnable beforeCollecting;
  private final MeterRegistry meters;
  private final Leadership leadership;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final List<Recurring> threads = new ArrayList<>();

  Background(
      Leadership leadership,
      LogSignal signal,
      LogReader reader,
      List<ProjectionRunner> views,
      Collector collector,
      BuriedTags buriedTags,
      People people,
      StoreClaims claims,
      Optional<Signer> signer,
      Optional<Witnesses> witnesses,
      Optional<Stamper> stamper,
      Runnable beforeCollecting,
      Webhooks webhooks,
      MeterRegistry meters) {
    this.signal = signal;
    this.collector = collector;
    this.beforeCollecting = beforeCollecting;
    this.meters = meters;
    this.leadership = leadership;
    Follower follower = new Follower(reader);
    ProjectionRunner reachability = collector.reachability();
    follower.add(reachability, collector::followed, failures(reachability.projection().name()));
    views.forEach(view -> follower.add(view, _ -> {}, failures(view.projection().name())));
    startFollowing(follower);
    follow("buried tags", SELDOM, buriedTags::step);
    follow("forgotten", RARELY, people::clear);
    startMarking(claims);
    signer.ifPresent(it -> follow("signature", LOOK_AGAIN, it::step));
    witnesses.ifPresent(all -> follow("witness", LOOK_AGAIN, all::step));
    stamper.ifPresent(it -> follow("time-stamp", LOOK_AGAIN, it::step));
    follow("sweep", SELDOM, () -> collector.sweep() > 0);
    webhooks
        .begin(leadership::leading)
        .forEach((name, delivery) -> follow("webhook " + name, BETWEEN_ROUNDS, delivery::step));
    if (collector.options().enabled()) {
      start("collect", this::collectNow, this::awaitInterval);
    }
    Gauge.builder("stele.leading", () -> leadership.leading() ? 1 : 0)
        .description("1 on the node that does the work which one does for all, else 0")
        .register(meters);
    leadership.begin();
  }

  /**
   * Has the views follow the log: a round whenever it has grown, a moment apart, so that under load
   * each takes in many events at once.
   */
  private void startFollowing(Follower follower) {
    long[] seen = {-1};
    boolean[] looking = {true};
    start(
        "views",
        () -> {
          seen[0] = signal.known();
          boolean more = follower.round(seen[0], looking[0]);
          looking[0] = false;
          return more;
        },
        () -> {
          pause(BETWEEN_ROUNDS);
          looking[0] = !signal.await(seen[0], LOOK_AGAIN);
        });
  }

  /** Work that is due whenever the log has grown, but not again before some time has passed. */
  private void follow(String name, Duration apart, Work work) {
    long[] seen = new long[1];
    start(
        name,
        () -> {
          seen[0] = signal.known();
          return work.step();
        },
        () -> {
          pause(apart);
          boolean _ = signal.await(seen[0], LOOK_AGAIN);
        });
  }

  /**
   * Has the stores' markers follow the log, a second apart: a bucket takes money for each. Uploads
   * do not wait for this, but see to it themselves.
   */
  private void startMarking(StoreClaims claims) {
    follow(
        "marker",
        LOOK_AGAIN,
        () -> {
          claims.cover();
          return false;
        });
  }

  @FunctionalInterface
  private interface Idle {
    void await() throws InterruptedException;
  }

  private void start(String name, Work work, Idle idle) {
    Recurring.Failures failures = failures(name);
    AtomicInteger told = new AtomicInteger();
    threads.add(
        Recurring.start("background-" + name, () -> round(work, idle, failures, told), failures));
  }

  /** Shows how often in a row some work failed. */
  private Recurring.Failures failures(String work) {
    return meters.gauge(
            "stele.background.failures", List.of(Tag.of("work", work)), new AtomicInteger())
        ::set;
  }

  private void round(Work work, Idle idle, Recurring.Failures failures, AtomicInteger told)
      throws Exception {
    Optional<Boolean> more;
    try {
      more = leadership.lead(work::step);
      if (more.isEmpty()) {
        pause(LOOK_AGAIN);
        return;
      }
      told.set(0);
      failures.inRow(0);
    } catch (ToldFailure e) {
      failures.inRow(told.incrementAndGet());
      more = Optional.of(false);
    }
    if (!more.get()) {
      idle.await();
    }
  }

  private boolean collectNow() throws ToldFailure {
    GcOptions options = collector.options();
    Instant now = Instant.now();
    if (options.windows().isEmpty()
        || options.windows().stream().anyMatch((CollectingWindow window) -> window.contains(now))) {
      beforeCollecting.run();
      if (collector.run().failure().isPresent()) {
        throw new ToldFailure();
      }
    }
    return false;
  }

  private void awaitInterval() throws InterruptedException {
    pause(collector.options().interval());
  }

  private void pause(Duration time) throws InterruptedException {
    boolean _ = closed.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Ends after the steps that are being done; a collection ends early. */
  @Override
  public void close() {
    threads.forEach(Recurring::stop);
    closed.countDown();
    collector.close();
    threads.forEach(Recurring::close);
    leadership.close();
  }
}
