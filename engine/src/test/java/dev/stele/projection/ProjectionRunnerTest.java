package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.StoreThatDoesNothing;
import dev.stele.database.Database;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryFixture;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;

class ProjectionRunnerTest {
  /** As the change of a policy is for a large repository. */
  private static final class SlowProjection implements Projection {
    @Override
    public String name() {
      return "slow";
    }

    @Override
    public List<String> tables() {
      return List.of();
    }

    @Override
    public void apply(Handle transaction, List<RecordedEvent> events) {
      transaction.execute("SELECT pg_sleep(1)");
    }
  }

  @Test
  void aStepMayTakeLongerThanAStatementOfARequest() {
    try (RegistryFixture fixture = new RegistryFixture(new StoreThatDoesNothing())) {
      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/app"));
      Database.Settings settings =
          new Database.Settings(
              fixture.testDatabase().url(),
              fixture.testDatabase().user(),
              fixture.testDatabase().password(),
              2,
              Duration.ofSeconds(5),
              Duration.ofMillis(200));
      try (Database database = Database.open(settings, new SimpleMeterRegistry())) {
        ProjectionRunner runner =
            new ProjectionRunner(
                database.jdbi(), new LogReader(new EventCodec()), new SlowProjection());
        assertThat(runner.step()).hasSize(1);
        assertThat(runner.nextPosition()).isEqualTo(1);
      }
    }
  }
}
