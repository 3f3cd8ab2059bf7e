package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.StoreThatDoesNothing;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.Projection;
import dev.stele.projection.ProjectionRunner;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One thread brings several views up, whatever becomes of one of them. */
class FollowerTest {
  private final RegistryFixture fixture = new RegistryFixture(new StoreThatDoesNothing());
  private final AtomicInteger reads = new AtomicInteger();
  private final Jdbi jdbi = fixture.database().audit();
  private final Follower follower = new Follower(new LogReader(new EventCodec()));
  private final Map<String, Integer> failures = new HashMap<>();

  @BeforeEach
  void countReads() {
    jdbi.setSqlLogger(
        new SqlLogger() {
          @Override
          public void logAfterExecution(StatementContext context) {
            if (context.getRenderedSql().startsWith("SELECT position, leaf")) {
              reads.incrementAndGet();
            }
          }
        });
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  /** Notes the requests whose events it is given, and fails as long as it is told to. */
  private static final class Noting implements Projection {
    private final String name;
    private final List<String> requests = new ArrayList<>();
    private boolean wide;
    private boolean failing;

    private Noting(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public List<String> tables() {
      return List.of();
    }

    @Override
    public void apply(Handle transaction, List<RecordedEvent> events) {
      if (failing) {
        throw new IllegalStateException("by the test");
      }
      events.forEach(event -> requests.add(event.requestId()));
    }

    @Override
    public boolean isWide(Event event) {
      return wide;
    }

    @Override
    public Optional<String> applyPart(
        Handle transaction, RecordedEvent event, Optional<String> done) {
      String part = done.map(before -> before + "+").orElse("part");
      requests.add(event.requestId() + " " + part);
      return part.length() < 6 ? Optional.of(part) : Optional.empty();
    }
  }

  private Noting view(String name) {
    Noting view = new Noting(name);
    follower.add(
        new ProjectionRunner(jdbi, new LogReader(new EventCodec()), view),
        _ -> {},
        row -> failures.put(name, row));
    return view;
  }

  private void append(String request) {
    fixture
        .registry()
        .initialise(new Caller("alice", request), RepositoryName.parse("team/" + request));
  }

  private long head() {
    return jdbi.withHandle(LogReader::nextPosition);
  }

  @Test
  void whatOneViewWasGivenTheOthersNeedNotRead() {
    List<Noting> views = List.of(view("one"), view("two"), view("three"));
    append("a");
    append("b");
    assertThat(follower.round(head() - 1, true)).as("all that was known is taken in").isFalse();
    append("c");
    assertThat(follower.round(head(), false)).isFalse();
    assertThat(views).allSatisfy(each -> assertThat(each.requests).containsExactly("a", "b", "c"));
    assertThat(reads).hasValue(2);
    assertThat(follower.round(head(), false)).as("nothing to do").isFalse();
    assertThat(reads).hasValue(2);
  }

  @Test
  void aViewThatFailsStopsNoOtherAndMissesNothing() throws InterruptedException {
    Noting failing = view("failing");
    Noting other = view("other");
    failing.failing = true;
    append("a");
    follower.round(head(), true);
    append("b");
    follower.round(head(), false);
    assertThat(other.requests).containsExactly("a", "b");
    assertThat(failures).isEqualTo(Map.of("failing", 1));

    failing.failing = false;
    while (failing.requests.isEmpty()) {
      Thread.sleep(10);
      boolean _ = follower.round(head(), false);
    }
    assertThat(failing.requests).containsExactly("a", "b");
    assertThat(failures).isEqualTo(Map.of("failing", 0));
    assertThat(other.requests).containsExactly("a", "b");
  }

  @Test
  void anEventThatChangesMuchOfOneViewKeepsNoOtherWaiting() {
    Noting wide = view("wide");
    wide.wide = true;
    Noting other = view("other");
    append("a");
    append("b");
    assertThat(follower.round(head(), true)).isTrue();
    assertThat(wide.requests).containsExactly("a part");
    assertThat(other.requests).containsExactly("a", "b");
    while (follower.round(head(), false)) {}
    assertThat(wide.requests)
        .containsExactly("a part", "a part+", "a part++", "b part", "b part+", "b part++");
  }

  /** As after a standby took over that did not have the newest event, and another came. */
  @Test
  void whatTheLogHasNoMoreIsGivenToNobody() throws SQLException {
    Noting behind = view("behind");
    Noting ahead = view("ahead");
    append("a");
    behind.failing = true;
    follower.round(head(), true);
    assertThat(ahead.requests).containsExactly("a");
    behind.failing = false;
    try (Connection connection = fixture.testDatabase().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      assertThat(
              statement.executeUpdate(
                  """
                  UPDATE event
                  SET command_id = gen_random_uuid(),
                      leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '"a"', '"z"'), 'UTF8')
                  """))
          .isEqualTo(1);
    }
    while (behind.requests.isEmpty()) {
      boolean _ = follower.round(head(), false);
    }
    assertThat(behind.requests).containsExactly("z");
  }
}
