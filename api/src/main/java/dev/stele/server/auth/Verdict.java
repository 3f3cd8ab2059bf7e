package dev.stele.server.auth;

/** What became of a credential. */
public sealed interface Verdict {
  /** It proves who sent it. */
  record Accepted(SignedIn signedIn) implements Verdict {}

  /**
   * It proves nothing.
   *
   * @param why for the log: nothing of it is told to whoever sent it
   */
  record Refused(String why) implements Verdict {}

  /**
   * It proved that, until a while ago.
   *
   * @param why for the log and for whoever sent it
   */
  record Ended(String why) implements Verdict {}
}
