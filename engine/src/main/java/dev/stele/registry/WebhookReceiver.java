package dev.stele.registry;

import dev.stele.log.LogIdentity;
import java.time.Duration;
import java.util.Optional;

/** Takes the events of a {@link Webhook}, one after the other. Used by one thread at a time. */
public interface WebhookReceiver extends AutoCloseable {
  /** What became of an attempt to hand over an event. */
  sealed interface Answer {
    /** It has the event. */
    record Taken() implements Answer {}

    /**
     * It does not, or nobody knows; the event is delivered again.
     *
     * @param reason for people, without anything secret
     * @param retryAfter how long it asks to be left alone
     */
    record Failed(String reason, Optional<Duration> retryAfter) implements Answer {}

    /** It wants nothing any more, until a person says otherwise. */
    record Gone(String reason) implements Answer {}
  }

  /**
   * Hands over an event; returns when the receiver has answered, or after a time that is bounded.
   * It may get an event again that it has taken, since its answer, or what was to be remembered of
   * it, may be lost.
   *
   * @param log the log that the event is of
   */
  Answer deliver(LogIdentity log, EventEntry event) throws InterruptedException;

  /** Who it is, for people, without anything secret. */
  String address();

  /** Makes a delivery that is going on fail at once. */
  @Override
  void close();
}
