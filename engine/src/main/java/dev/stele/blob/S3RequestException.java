package dev.stele.blob;

import java.io.IOException;

/** The bucket's answer to a request was an error. */
final class S3RequestException extends IOException {
  private final String code;
  private final int status;

  /**
   * @param code S3's code, such as {@code NoSuchUpload}; empty if the answer was not S3's
   * @param status the HTTP status; 0 if not known
   */
  S3RequestException(String message, String code, int status, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.status = status;
  }

  boolean is(String expected) {
    return code.equals(expected);
  }

  /** Whether the same request may well succeed a moment later. */
  boolean isPassing() {
    return switch (code) {
      case "SlowDown",
          "InternalError",
          "ServiceUnavailable",
          "RequestTimeout",
          "OperationAborted",
          "ConditionalRequestConflict",
          "BadDigest",
          "IncompleteBody",
          "XAmzContentSHA256Mismatch" ->
          true;
      default -> status == 0 || status == 408 || status == 429 || isServersFault();
    };
  }

  private boolean isServersFault() {
    return status >= 500 && status != 501 && status != 507;
  }
}
