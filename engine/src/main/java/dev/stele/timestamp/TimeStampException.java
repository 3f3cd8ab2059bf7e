package dev.stele.timestamp;

/** A time stamp shows nothing; the message says why, fit for people. */
public final class TimeStampException extends Exception {
  private static final long serialVersionUID = 1L;

  TimeStampException(String message) {
    super(message);
  }

  TimeStampException(String message, Throwable cause) {
    super(message, cause);
  }
}
