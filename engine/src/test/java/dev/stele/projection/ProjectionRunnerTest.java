package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.StoreThatDoesNothing;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryFixture;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;

class ProjectionRunnerTest {
  /** It takes note of what it is given. */
  private static final class Noting implements Projection {
    private final List<Long> applied = new ArrayList<>();

    @Override
    public String name() {
      return "noting";
    }

    @Override
    public List<String> tables() {
      return List.of();
    }

    @Override
    public void apply(Handle transaction, List<RecordedEvent> events) {
      events.forEach(event -> applied.add(event.position()));
    }
  }

  /** As one does that was stopped while another began to lead. */
  @Test
  void whoLeadsNoMoreChangesNothing() {
    try (RegistryFixture fixture = new RegistryFixture(new StoreThatDoesNothing())) {
      Noting view = new Noting();
      fixture
          .database()
          .jdbi()
          .useHandle(
              handle ->
                  handle.execute(
                      "UPDATE leader SET term = 7, expires_at = clock_timestamp() + interval '1"
                          + " h'"));
      ProjectionRunner old = runner(fixture, view, OptionalLong.of(6));
      ProjectionRunner leader = runner(fixture, view, OptionalLong.of(7));
      ProjectionRunner bystander = runner(fixture, view, OptionalLong.empty());

      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/app"));
      assertThat(old.step()).isEmpty();
      assertThat(bystander.step()).isEmpty();
      assertThat(view.applied).isEmpty();
      assertThat(leader.step()).hasSize(1);
      assertThat(leader.nextPosition()).isEqualTo(1);

      fixture.registry().initialise(new Caller("alice", "r"), RepositoryName.parse("team/web"));
      fixture
          .database()
          .jdbi()
          .useHandle(handle -> handle.execute("UPDATE leader SET expires_at = '-infinity'"));
      assertThat(bystander.step()).as("while nobody leads").hasSize(1);
      assertThat(view.applied).containsExactly(0L, 1L);
    }
  }

  private static ProjectionRunner runner(
      RegistryFixture fixture, Projection view, OptionalLong term) {
    return new ProjectionRunner(
        fixture.database().audit(), new LogReader(new EventCodec()), view, () -> term);
  }
}
