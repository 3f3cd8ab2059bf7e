package dev.stele.server.auth;

/** What became of a credential. */
public sealed interface Verdict {
  /** It proves who sent it. */
  record Accepted(SignedIn signedIn) implements Verdict {}

  /**
   * Why a credential does not count, for the record: words of ours, and few of them, so that
   * whatever is sent adds little to it. A wrong password and an unknown user are one.
   */
  enum Reason {
    WRONG_PASSWORD("wrong user name or password"),
    WRONG_KEY("wrong robot or key"),
    KEY_EXPIRED("the robot's key has expired"),
    NO_SESSION("there is no such session, or it was ended"),
    SESSION_EXPIRED("the session has expired"),
    CERTIFICATE_EXPIRED("the certificate has expired"),
    TOKEN_EXPIRED("the token has expired"),
    TOKEN_INVALID("the token's signature or claims are not right"),
    STRANGE_TOKEN("the token is of no issuer and audience that count here"),
    NO_NAME("it makes no name that counts here"),
    TOO_MANY_GROUPS("it is in too many groups"),
    REVOKED("whoever got the token does not count any more"),
    NOBODY("nobody who is configured vouches for that"),
    NOT_HERE("only commands of this machine are let in here"),
    UNREADABLE("it cannot be read");

    private final String words;

    Reason(String words) {
      this.words = words;
    }

    /** As the record has it: never change one. */
    public String words() {
      return words;
    }
  }

  /**
   * It proves nothing.
   *
   * @param why for the log, in more words: nothing of it is told to whoever sent it
   */
  record Refused(Reason reason, String why) implements Verdict {
    /** One of which there is no more to say. */
    public Refused(Reason reason) {
      this(reason, reason.words());
    }
  }

  /**
   * It proved that, until a while ago.
   *
   * @param why for the log and for whoever sent it, in more words
   */
  record Ended(Reason reason, String why) implements Verdict {}
}
