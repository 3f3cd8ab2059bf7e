package dev.stele.cli;

/** A server answered that it does not do what was asked, and why. */
final class AnsweredException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;

  /**
   * @param code of the error, as the distribution specification names them; empty if there is none
   */
  AnsweredException(int status, String code, String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  String code() {
    return code;
  }

  int status() {
    return status;
  }
}
