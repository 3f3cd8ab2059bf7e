package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.EventCodec;
import dev.stele.log.LogIdentity;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.EventIndexView;
import dev.stele.projection.ProjectionRunner;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Two nodes that deliver to one receiver, which fails in every way there is, while nodes die and
 * deliver at once: every event that is wanted arrives, and none for the first time after a later
 * one.
 */
class WebhookDeliveryTest {
  /** What happens while an event is handed over. */
  enum Fate {
    TAKEN,
    REFUSED,
    /** The receiver has the event, but its answer does not arrive. */
    ANSWER_LOST,
    /** The node dies when the receiver has the event, before the cursor moved. */
    NODE_DIES,
    GONE,
    /** The other node delivers all that there is meanwhile. */
    OVERTAKEN,
    /** The same, and then the delivery fails. */
    OVERTAKEN_AND_REFUSED
  }

  sealed interface Step {
    /** A repository is created, of those that are wanted or not. */
    record Append(boolean wanted) implements Step {}

    /** A node delivers; the fates are those of its deliveries, after which all are taken. */
    record Deliver(int node, List<Fate> fates) implements Step {}

    record Wait(Duration time) implements Step {}

    record Resume() implements Step {}
  }

  private static final class NodeDeath extends RuntimeException {
    private NodeDeath() {
      super("the node died", null, false, false);
    }
  }

  private static RegistryFixture fixture;
  private static LogSignal signal;
  private static int tries;

  @BeforeContainer
  static void open() throws IOException {
    fixture = RegistryFixture.inItsOwnFolder(RegistryOptions.DEFAULT);
    signal = new LogSignal(fixture.database()::openDedicated);
  }

  @AfterContainer
  static void close() {
    signal.close();
    fixture.close();
  }

  /** A receiver that does as told, and remembers what it was given. */
  private static final class Receiver implements WebhookReceiver {
    private final List<Long> received = new ArrayList<>();
    private List<Fate> fates = new ArrayList<>();
    private Runnable otherNode = () -> {};
    private Optional<Duration> retryAfter = Optional.empty();

    @Override
    public Answer deliver(LogIdentity log, EventEntry event) {
      Fate fate = fates.isEmpty() ? Fate.TAKEN : fates.removeFirst();
      if (fate == Fate.OVERTAKEN || fate == Fate.OVERTAKEN_AND_REFUSED) {
        List<Fate> mine = fates;
        fates = new ArrayList<>();
        otherNode.run();
        fates = mine;
      }
      return switch (fate) {
        case TAKEN, OVERTAKEN -> {
          received.add(event.position());
          yield new Answer.Taken();
        }
        case REFUSED, OVERTAKEN_AND_REFUSED -> new Answer.Failed("refused", retryAfter);
        case ANSWER_LOST -> {
          received.add(event.position());
          yield new Answer.Failed("no answer", Optional.empty());
        }
        case NODE_DIES -> {
          received.add(event.position());
          throw new NodeDeath();
        }
        case GONE -> new Answer.Gone("gone");
      };
    }

    @Override
    public String address() {
      return "here";
    }

    @Override
    public void close() {}
  }

  /** A webhook of its own for each try, on two nodes. */
  private static final class Try {
    private final String name = "try-" + tries++;
    private final Receiver receiver = new Receiver();
    private final List<Long> wanted = new ArrayList<>();
    private Instant now = Instant.parse("2026-03-03T14:05:00Z");
    private boolean leading = true;
    private int repositories;
    private final WebhookDelivery[] nodes = {node(), node()};

    private Try() {
      nodes[0].create();
    }

    private WebhookDelivery node() {
      EventCodec codec = new EventCodec();
      LogReader reader = new LogReader(codec);
      return new WebhookDelivery(
          fixture.database().jdbi(),
          new EventLog(
              fixture.database().jdbi(),
              fixture.database().jdbi(),
              codec,
              reader,
              signal,
              new ProjectionRunner(fixture.database().jdbi(), reader, new EventIndexView())),
          signal,
          new Webhook(
              name,
              Set.of("RepositoryCreated"),
              List.of(RepositoryGlob.parse(name + "/wanted-*")),
              false,
              receiver),
          () -> now,
          new Random(7),
          () -> leading,
          new SimpleMeterRegistry());
    }

    private void append(boolean want) {
      RepositoryName repository =
          RepositoryName.parse(name + (want ? "/wanted-" : "/other-") + repositories++);
      fixture.registry().initialise(new Caller("alice", "r"), repository);
      if (want) {
        wanted.add(newest());
      }
    }

    private static long newest() {
      return fixture.database().jdbi().withHandle(LogReader::nextPosition) - 1;
    }

    private WebhookCursor cursor() {
      return fixture
          .database()
          .jdbi()
          .withHandle(handle -> WebhookCursor.find(handle, name))
          .orElseThrow();
    }

    private void run(Step step) {
      switch (step) {
        case Step.Append(boolean want) -> append(want);
        case Step.Deliver(int node, List<Fate> fates) -> {
          receiver.fates = new ArrayList<>(fates);
          receiver.otherNode = () -> deliverAll(nodes[1 - node]);
          deliverAll(nodes[node]);
          receiver.fates.clear();
        }
        case Step.Wait(Duration time) -> now = now.plus(time);
        case Step.Resume() ->
            assertThat(fixture.registry().webhooks().resume(name)).as("resumed").isTrue();
      }
    }

    private void deliverAll(WebhookDelivery node) {
      try {
        while (node.step()) {
          // There may be more.
        }
      } catch (NodeDeath e) {
        // Its memory is gone; what the database has is what counts.
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    private List<Long> firstDeliveries() {
      return List.copyOf(new LinkedHashSet<>(receiver.received));
    }
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Step> append = Arbitraries.of(true, true, false).map(Step.Append::new);
    Arbitrary<Step> deliver =
        Combinators.combine(
                Arbitraries.integers().between(0, 1),
                Arbitraries.of(Fate.class).list().ofMinSize(0).ofMaxSize(4))
            .as(Step.Deliver::new);
    Arbitrary<Step> pause =
        Arbitraries.integers().between(1, 400).map(s -> new Step.Wait(Duration.ofSeconds(s)));
    Arbitrary<Step> resume = Arbitraries.of(0).map(_ -> new Step.Resume());
    return Arbitraries.frequencyOf(
            Tuple.of(6, append), Tuple.of(6, deliver), Tuple.of(3, pause), Tuple.of(1, resume))
        .list()
        .ofMinSize(20)
        .ofMaxSize(60);
  }

  @Property(tries = 40, shrinking = ShrinkingMode.BOUNDED)
  void nothingIsLostAndNothingComesBeforeAnEarlierEvent(@ForAll("steps") List<Step> steps) {
    Try one = new Try();
    long passed = one.cursor().nextPosition();
    for (Step step : steps) {
      one.run(step);
      assertThat(one.cursor().nextPosition())
          .as("the cursor never goes back")
          .isGreaterThanOrEqualTo(passed);
      passed = one.cursor().nextPosition();
      List<Long> first = one.firstDeliveries();
      assertThat(first)
          .as("first deliveries are the first wanted events, in their order")
          .isEqualTo(one.wanted.subList(0, Math.min(first.size(), one.wanted.size())));
      assertThat(one.wanted.stream().filter(position -> position < one.cursor().nextPosition()))
          .as("what the cursor has passed has arrived")
          .isSubsetOf(one.receiver.received);
    }
    one.now = one.now.plus(Duration.ofHours(2));
    one.run(new Step.Resume());
    one.run(new Step.Deliver(0, List.of()));
    assertThat(one.firstDeliveries()).isEqualTo(one.wanted);
    assertThat(one.cursor().nextPosition()).isEqualTo(one.cursor().head());
    assertThat(one.cursor().failures()).isZero();
  }

  @Example
  void pausesGrowAndEndAtFiveMinutes() {
    Try one = new Try();
    one.append(true);
    Duration last = Duration.ZERO;
    for (int failure = 1; failure <= 30; failure++) {
      one.run(new Step.Deliver(0, List.of(Fate.REFUSED)));
      WebhookCursor cursor = one.cursor();
      assertThat(cursor.failures()).isEqualTo(failure);
      assertThat(cursor.lastError()).contains("refused");
      assertThat(cursor.lastErrorAt()).contains(one.now);
      last = Duration.between(one.now, cursor.nextTryAt().orElseThrow());
      Duration whole = Duration.ofSeconds(Math.min(300, 1L << Math.min(failure - 1, 20)));
      assertThat(last).isBetween(whole.dividedBy(2), whole);
      one.run(new Step.Wait(last.minusMillis(1)));
      one.run(new Step.Deliver(1, List.of()));
      assertThat(one.receiver.received).as("not before its time, on no node").isEmpty();
      one.run(new Step.Wait(Duration.ofMillis(1)));
    }
    one.run(new Step.Deliver(1, List.of()));
    assertThat(one.receiver.received).isEqualTo(one.wanted);
    assertThat(one.cursor().failures()).isZero();
    assertThat(one.cursor().nextTryAt()).isEmpty();
    assertThat(one.cursor().deliveredAt()).contains(one.now);
  }

  @Example
  void aReceiverThatAsksForPatienceGetsItForAnHourAtMost() {
    for (Duration[] each :
        new Duration[][] {
          {Duration.ofMinutes(7), Duration.ofMinutes(7)},
          {Duration.ofDays(365), Duration.ofHours(1)}
        }) {
      Try one = new Try();
      one.append(true);
      one.receiver.retryAfter = Optional.of(each[0]);
      one.run(new Step.Deliver(0, List.of(Fate.REFUSED)));
      assertThat(one.cursor().nextTryAt()).contains(one.now.plus(each[1]));
    }
  }

  @Example
  void oneThatIsGoneIsLeftAloneUntilItIsResumedAndLosesNothing() {
    Try one = new Try();
    one.append(true);
    one.run(new Step.Deliver(0, List.of(Fate.GONE)));
    one.append(true);
    one.run(new Step.Wait(Duration.ofDays(30)));
    one.run(new Step.Deliver(0, List.of()));
    one.run(new Step.Deliver(1, List.of()));
    assertThat(one.receiver.received).isEmpty();
    assertThat(one.cursor().paused()).isTrue();
    one.run(new Step.Resume());
    one.run(new Step.Wait(Duration.ofSeconds(1)));
    one.run(new Step.Deliver(1, List.of()));
    assertThat(one.receiver.received).isEqualTo(one.wanted);
  }

  @Example
  void aNodeThatDoesNotLeadDeliversNothing() {
    Try one = new Try();
    one.append(true);
    one.leading = false;
    one.run(new Step.Deliver(0, List.of()));
    assertThat(one.receiver.received).isEmpty();
    assertThat(one.cursor().nextPosition()).isLessThan(one.cursor().head());
  }

  @Example
  void aNewOneBeginsWithTheNextEventUnlessItWantsAll() throws Exception {
    Supplier<WebhookCursor> fromStart =
        () ->
            fixture
                .database()
                .jdbi()
                .withHandle(
                    handle -> {
                      WebhookCursor.create(handle, "all", true);
                      return WebhookCursor.find(handle, "all").orElseThrow();
                    });
    Try one = new Try();
    one.append(true);
    assertThat(fromStart.get().nextPosition()).isZero();
    assertThat(one.cursor().nextPosition()).isEqualTo(one.cursor().head() - 1);
    one.run(new Step.Deliver(0, List.of()));
    assertThat(fixture.registry().webhooks().forget(one.name)).isTrue();
    assertThat(fixture.registry().webhooks().forget(one.name)).isFalse();
    one.append(true);
    assertThat(one.nodes[0].step()).as("it begins anew").isTrue();
    one.append(true);
    one.run(new Step.Deliver(0, List.of()));
    assertThat(one.receiver.received)
        .containsExactly(one.wanted.get(0), one.wanted.get(2))
        .doesNotContain(one.wanted.get(1));
  }
}
