package dev.stele.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.log.Outage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a database must be, and how long it may take. */
class DatabaseLimitsTest {
  private TestDatabase testDatabase;

  @BeforeEach
  void create() {
    testDatabase = TestDatabase.create();
  }

  @AfterEach
  void drop() {
    testDatabase.close();
  }

  private Database.Settings settings(int poolSize) {
    return new Database.Settings(
        testDatabase.url(),
        testDatabase.user(),
        testDatabase.password(),
        poolSize,
        1,
        Duration.ofSeconds(1),
        Duration.ofMillis(1_200),
        Optional.empty());
  }

  @Test
  void row30AServerThatIsTooOldIsRefused() {
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> Database.open(settings(2), new SimpleMeterRegistry(), 99).close())
        .withMessageStartingWith(testDatabase.url() + " is PostgreSQL ")
        .withMessageEndingWith("; Stele needs 99 or newer");
  }

  @Test
  void aStatementThatTakesTooLongIsEnded() throws SQLException {
    try (Database database = Database.open(settings(2), new SimpleMeterRegistry())) {
      assertThatThrownBy(
              () -> database.jdbi().useHandle(handle -> handle.execute("SELECT pg_sleep(60)")))
          .hasMessageContaining("statement timeout");
      try (Connection dedicated = database.openDedicated();
          Statement statement = dedicated.createStatement()) {
        assertThatThrownBy(() -> statement.execute("SELECT pg_sleep(60)"))
            .hasMessageContaining("statement timeout");
      }
    }
  }

  @Test
  void aTransactionThatIsLeftOpenIsEnded() {
    try (Database database = Database.open(settings(2), new SimpleMeterRegistry())) {
      assertThatThrownBy(
              () ->
                  database
                      .audit()
                      .useTransaction(
                          handle -> {
                            handle.execute("SELECT lock_log()");
                            Thread.sleep(6_000); // longer than the five seconds
                            handle.execute("SELECT 1");
                          }))
          .hasMessageContaining("idle-in-transaction timeout");
    }
  }

  @Test
  void nobodyWaitsLongForARowThatSomebodyHasLocked() throws SQLException {
    try (Database database = Database.open(settings(2), new SimpleMeterRegistry());
        Connection foreign = testDatabase.connect();
        Statement lock = foreign.createStatement()) {
      foreign.setAutoCommit(false);
      lock.execute("LOCK TABLE log_checkpoint IN ACCESS EXCLUSIVE MODE");
      assertThatThrownBy(
              () -> database.jdbi().useHandle(handle -> handle.execute("TABLE log_checkpoint")))
          .satisfies(thrown -> assertThat(Outage.of(thrown)).contains(Outage.TOO_SLOW));
    }
  }

  @Test
  void auditWorkTakesNoConnectionFromPushesAndPulls() {
    try (Database database = Database.open(settings(2), new SimpleMeterRegistry());
        Handle _ = database.audit().open()) {
      assertThatThrownBy(() -> database.audit().open().close())
          .isInstanceOf(ConnectionException.class)
          .hasMessageContaining("stele-audit");
      try (Handle handle = database.jdbi().open()) {
        assertThat(handle.createQuery("SELECT 1").mapTo(Integer.class).one()).isEqualTo(1);
      }
    }
  }

  @Test
  void whenAllConnectionsAreTakenTheNextRequestIsToldSo() {
    try (Database database = Database.open(settings(2), new SimpleMeterRegistry());
        Handle first = database.jdbi().open();
        Handle second = database.jdbi().open()) {
      assertThatThrownBy(() -> database.jdbi().open().close())
          .isInstanceOf(ConnectionException.class)
          .hasMessageFindingMatch(
              "request timed out after 1\\d{3}ms \\(total=2, active=2, idle=0, waiting=0\\)");
      assertThat(first.createQuery("SELECT 1").mapTo(Integer.class).one()).isEqualTo(1);
      assertThat(second.createQuery("SELECT 1").mapTo(Integer.class).one()).isEqualTo(1);
    }
  }
}
