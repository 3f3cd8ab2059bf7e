package dev.stele.server;

/** The server cannot start for a reason that its operator can mend. The message is for people. */
public final class StartupException extends Exception {
  public StartupException(String message) {
    super(message);
  }

  public StartupException(String message, Throwable cause) {
    super(message, cause);
  }
}
