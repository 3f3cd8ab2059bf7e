package dev.stele.it;

import java.time.Duration;
import java.util.Random;
import java.util.function.Supplier;

/** What happens to a request on its way, or to its answer. */
sealed interface LineFault {
  record None() implements LineFault {}

  /** The connection breaks before anything arrives. */
  record Reset() implements LineFault {}

  /** An answer with this status comes from somebody on the way; the server sees nothing. */
  record Refused(int status) implements LineFault {}

  /** The server gets so many bytes of the request, head and body. */
  record RequestCut(long bytes) implements LineFault {}

  /** The client gets so many bytes of the answer, and then an end or a reset. */
  record AnswerCut(long bytes, boolean reset) implements LineFault {}

  /** The server carries the request out, but the client hears nothing for so long, then an end. */
  record Stalled(Duration time) implements LineFault {}

  /** Faults in a random order that the seed decides. Safe for use by several threads. */
  final class Source implements Supplier<LineFault> {
    private final Random random;
    private final Duration stall;
    private volatile double rate;

    /**
     * @param stall the longest that a stalled answer takes to end
     */
    Source(long seed, Duration stall) {
      this.random = new Random(seed);
      this.stall = stall;
    }

    /**
     * How many of the requests are struck from now on. One that is cut behind its end gets through
     * all the same, but at the rate 1 nothing does: the server is away.
     *
     * @param rate 0 for none, 1 for all
     */
    void setRate(double rate) {
      this.rate = rate;
    }

    @Override
    public synchronized LineFault get() {
      if (random.nextDouble() >= rate) {
        return new None();
      }
      // The first three let nothing through.
      return switch (random.nextInt(rate < 1 ? 7 : 3)) {
        case 0 -> new Reset();
        case 1 -> new Refused(500);
        case 2 -> new Refused(503);
        case 3 -> new RequestCut(position());
        case 4 -> new AnswerCut(position(), false);
        case 5 -> new AnswerCut(position(), true);
        default -> new Stalled(stall.multipliedBy(random.nextInt(100)).dividedBy(100));
      };
    }

    /** Within the head of a message as often as far behind it. */
    private long position() {
      return random.nextBoolean() ? random.nextLong(1000) : random.nextLong(400_000);
    }
  }
}
