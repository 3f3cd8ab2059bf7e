package dev.stele.log;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LeadershipTest {
  @Test
  @Timeout(60)
  void aDefectOfTheWayToTheDatabaseIsTriedAgain() throws Exception {
    AtomicBoolean failed = new AtomicBoolean();
    try (TestDatabase testDatabase = TestDatabase.create();
        Database database = testDatabase.open();
        Leadership leadership =
            new Leadership(
                () -> {
                  if (failed.compareAndSet(false, true)) {
                    throw new IllegalStateException("as a driver may throw");
                  }
                  return database.openDedicated();
                })) {
      leadership.await();
    }
  }
}
