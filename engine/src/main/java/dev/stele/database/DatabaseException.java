package dev.stele.database;

/** The database cannot be started or opened. The message says why and what to do. */
public sealed class DatabaseException extends RuntimeException permits OtherSchemaException {
  DatabaseException(String message) {
    super(message);
  }

  DatabaseException(String message, Throwable cause) {
    super(message, cause);
  }
}
