package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** What an operator can mend is one line; what nobody foresaw is not. */
class ForeseenTest {
  @Test
  void anOutageIsToldByTheDatabaseAndWithoutValues() {
    SQLException said =
        new SQLException("ERROR: cannot execute INSERT\n  Detail: (secret) is one", "25006");
    assertThat(Foreseen.line(new IllegalStateException("INSERT INTO t VALUES ('secret')", said)))
        .contains("the database may only be read: ERROR: cannot execute INSERT");
  }

  @Test
  void aStoresFailureIsToldOnceThoughManyWrappedIt() {
    IOException full = new IOException("no space left on device");
    IOException store = new IOException("the store cannot be used: no space left on device", full);
    assertThat(Foreseen.line(new UncheckedIOException(store)))
        .contains("the store cannot be used: no space left on device");
    assertThat(Foreseen.line(new LaneUnavailableException("not now", full)))
        .contains("not now: no space left on device");
  }

  @Test
  void aDefectIsNotForeseen() {
    assertThat(Foreseen.line(new IllegalStateException("what?", new IOException("a cause"))))
        .isEmpty();
    assertThat(Foreseen.line(new SQLException("syntax error", "42601"))).isEmpty();
  }
}
