package dev.stele.log;

import java.sql.Connection;
import java.sql.SQLException;

/** Opens connections to the log's database, as the runtime role. Thread-safe. */
@FunctionalInterface
public interface ConnectionSource {
  /** A new connection in auto-commit mode, owned by the caller. */
  Connection open() throws SQLException;
}
