package dev.stele.database;

/** A database has no schema, or that of another version of the program. */
public final class OtherSchemaException extends DatabaseException {
  OtherSchemaException(String message) {
    super(message);
  }
}
