package dev.stele.registry;

import java.io.IOException;

/** Says, signed, when it saw something (RFC 3161). Thread-safe. */
public interface TimeStampAuthority extends AutoCloseable {
  /**
   * Asks; returns when it has answered, or after a time that is bounded.
   *
   * @param query in DER
   * @return its answer, in DER, of which nothing was checked
   * @throws IOException if there is none; the message is fit for people, without anything secret
   */
  byte[] ask(byte[] query) throws IOException, InterruptedException;

  /** Makes what is being asked fail at once. */
  @Override
  void close();
}
