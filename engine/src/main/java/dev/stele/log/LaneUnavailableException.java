package dev.stele.log;

/**
 * The lane could not take or commit a command: its queue is full, it is closed, or the database is
 * away. Nothing was appended.
 */
public class LaneUnavailableException extends RuntimeException implements Foreseen {
  LaneUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }

  public LaneUnavailableException(String message) {
    super(message);
  }

  /**
   * The database was lost while it committed and did not come back in time to tell whether it did,
   * or the caller was interrupted before it was told. The command may have been appended; asking
   * again is safe, since commands decide against what is there.
   */
  public static final class UnknownOutcomeException extends LaneUnavailableException {
    UnknownOutcomeException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
