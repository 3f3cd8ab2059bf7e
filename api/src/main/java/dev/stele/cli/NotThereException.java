package dev.stele.cli;

/** What a person asked about is not on record. The message says so, and what there is instead. */
final class NotThereException extends RuntimeException {
  NotThereException(String message) {
    super(message, null, false, false);
  }
}
