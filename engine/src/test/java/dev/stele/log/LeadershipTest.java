package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LeadershipTest {
  private TestDatabase testDatabase;
  private Database database;

  @BeforeEach
  void open() {
    testDatabase = TestDatabase.create();
    database = testDatabase.open();
  }

  @AfterEach
  void close() {
    database.close();
    testDatabase.close();
  }

  private static Leadership begin(ConnectionSource connections) {
    Leadership leadership = new Leadership(connections);
    leadership.begin();
    return leadership;
  }

  private static void awaitLeading(Leadership leadership) throws InterruptedException {
    while (!leadership.leading()) {
      Thread.sleep(10);
    }
  }

  private boolean isTurn(OptionalLong term) {
    return database.jdbi().withHandle(handle -> Leadership.isTurn(handle, term));
  }

  private boolean isLongOver() {
    return database.jdbi().withHandle(Leadership::isLongOver);
  }

  /** The driver may throw what it likes, and a machine that is short of memory an Error. */
  @Test
  void whateverIsThrownOnTheWayToTheDatabaseIsTriedAgain() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    ConnectionSource connections =
        () ->
            switch (calls.incrementAndGet()) {
              case 1 -> throw new IllegalStateException("by the test");
              case 2 -> throw new OutOfMemoryError("by the test");
              default -> database.openDedicated();
            };
    try (Leadership leadership = begin(connections)) {
      awaitLeading(leadership);
    }
  }

  @Test
  void oneLeadsAtATimeAndWhoeverClosesIsFollowedAtOnce() throws Exception {
    try (Leadership second = new Leadership(database::openDedicated)) {
      OptionalLong firstTerm;
      try (Leadership first = begin(database::openDedicated)) {
        awaitLeading(first);
        firstTerm = first.term();
        second.begin();
        Thread.sleep(2_500); // some heartbeats
        assertThat(second.leading()).isFalse();
        assertThat(first.term()).isEqualTo(firstTerm);
        assertThat(isTurn(firstTerm)).isTrue();
        assertThat(isTurn(OptionalLong.empty())).isFalse();
        assertThat(isLongOver()).isFalse();
        assertThat(first.hasTriedLong()).isFalse();
      }
      awaitLeading(second);
      assertThat(second.term()).hasValue(firstTerm.getAsLong() + 1);
      assertThat(isTurn(firstTerm)).isFalse();
    }
    assertThat(isTurn(OptionalLong.empty())).as("while nobody leads").isTrue();
    assertThat(isLongOver()).isTrue();
  }

  /** Its connection stays, as that of a machine that is cut off or stopped does. */
  @Test
  void aLeaderThatIsHeardOfNoMoreIsFollowedAndKnowsItByItself() throws Exception {
    AtomicBoolean cutOff = new AtomicBoolean();
    ConnectionSource silent =
        () -> {
          Connection connection = database.openDedicated();
          return (Connection)
              java.lang.reflect.Proxy.newProxyInstance(
                  Connection.class.getClassLoader(),
                  new Class<?>[] {Connection.class},
                  (_, method, arguments) -> {
                    if (method.getName().equals("prepareStatement") && cutOff.get()) {
                      throw new SQLException("no answer", "08006");
                    }
                    return method.invoke(connection, arguments);
                  });
        };
    Leadership first = begin(silent);
    try (Leadership second = new Leadership(database::openDedicated)) {
      awaitLeading(first);
      OptionalLong firstTerm = first.term();
      cutOff.set(true);
      second.begin();
      awaitLeading(second);
      assertThat(first.leading()).isFalse();
      assertThat(first.term()).isEmpty();
      assertThat(isTurn(firstTerm)).isFalse();
    } finally {
      cutOff.set(false);
      first.close();
    }
  }

  @Test
  void aCheckpointThatSomebodyElseHasLockedIsLeftToThem() throws Exception {
    database.jdbi().useTransaction(handle -> assertThat(lock(handle)).isTrue());
    try (Connection foreign = testDatabase.connect();
        Statement statement = foreign.createStatement()) {
      foreign.setAutoCommit(false);
      statement.execute("SELECT FROM log_checkpoint FOR UPDATE");
      database.jdbi().useTransaction(handle -> assertThat(lock(handle)).isFalse());
      foreign.rollback();
    }
    database.jdbi().useTransaction(handle -> assertThat(lock(handle)).isTrue());
  }

  private static boolean lock(org.jdbi.v3.core.Handle handle) {
    return LogCheckpoint.lock(handle, "f", OptionalLong.empty()).isPresent();
  }
}
