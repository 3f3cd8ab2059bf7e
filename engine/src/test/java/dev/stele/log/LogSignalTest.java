package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import java.time.Duration;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogSignalTest {
  private TestDatabase testDatabase;
  private Database database;
  private LogSignal signal;

  @BeforeEach
  void open() {
    testDatabase = TestDatabase.create();
    database = testDatabase.open();
    signal = new LogSignal(database::openDedicated);
  }

  @AfterEach
  void close() {
    signal.close();
    database.close();
    testDatabase.close();
  }

  /** Makes the log end before that position. */
  private static void setHead(Handle owner, long next) {
    owner.execute("SET session_replication_role = replica"); // without the triggers that refuse
    owner.execute("DELETE FROM event WHERE position >= ?", next);
    owner.execute(
        """
        INSERT INTO event (position, recorded_at, type, actor_id, command_id, leaf)
        VALUES (?, now(), 'X', gen_random_uuid(), gen_random_uuid(), '\\x00')
        ON CONFLICT DO NOTHING
        """,
        next - 1);
  }

  private Handle owner() {
    return Jdbi.create(testDatabase::connect).open();
  }

  @Test
  void aNotificationIsAHintAndNothingInItIsBelieved() throws Exception {
    try (Handle handle = owner()) {
      setHead(handle, 3);
      assertThat(signal.await(2, Duration.ofSeconds(10))).isTrue();
      for (String payload : new String[] {"999999999", "-1", "nonsense", "", "9".repeat(100)}) {
        handle.execute("SELECT pg_notify('stele_log', ?)", payload);
      }
      assertThat(signal.await(3, Duration.ofMillis(500))).isFalse();
      assertThat(signal.known()).isEqualTo(3);
      setHead(handle, 4);
      handle.execute("NOTIFY stele_log");
      assertThat(signal.await(3, Duration.ofSeconds(10))).isTrue();
      assertThat(signal.known()).isEqualTo(4);
    }
  }

  /** As a standby that took over may lack the newest events. */
  @Test
  void aLogThatWasPutBackIsKnownToBe() throws Exception {
    try (Handle handle = owner()) {
      setHead(handle, 9);
      assertThat(signal.await(8, Duration.ofSeconds(10))).isTrue();
      setHead(handle, 7);
      while (signal.known() != 7) {
        Thread.sleep(20);
      }
      assertThat(signal.await(7, Duration.ofMillis(100))).isFalse();
    }
  }
}
