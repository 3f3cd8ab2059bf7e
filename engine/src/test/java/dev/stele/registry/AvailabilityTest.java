package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.database.TestDatabase;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

class AvailabilityTest {
  @Test
  void clientsAreNotToldTheStatementThatFailed() {
    try (TestDatabase database = TestDatabase.create()) {
      Jdbi jdbi = Jdbi.create(database.url(), database.user(), database.password());
      assertThatExceptionOfType(RegistryUnavailableException.class)
          .isThrownBy(
              () ->
                  Availability.read(
                      jdbi,
                      handle -> {
                        handle.execute("SET statement_timeout = 10");
                        List<String> _ =
                            handle
                                .createQuery("SELECT :secret || pg_sleep(5)")
                                .bind("secret", "hidden")
                                .mapTo(String.class)
                                .list();
                        return true;
                      }))
          .withMessage("this took longer than the database gives a statement");
    }
  }
}
