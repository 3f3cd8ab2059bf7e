package dev.stele.cli;

/** A server answered that it does not do what was asked, and why. */
final class AnsweredException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;

  AnsweredException(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
