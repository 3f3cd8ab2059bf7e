package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.event.Somebody;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** However the log is cut into pages, the view is what counting event by event gives. */
class PullViewTest {
  private static final int EVENTS = 2_000;

  /** A row, and a plain count of what it must be. */
  private record Row(long pulls, long lastPosition, Instant lastAt) {
    Row and(long position, Event.PullsObserved observed) {
      return observed.last().isBefore(lastAt)
          ? new Row(pulls + observed.count(), lastPosition, lastAt)
          : new Row(pulls + observed.count(), position, observed.last());
    }
  }

  private static Event.PullsObserved pulls(Random random) {
    // Nodes tell late what they saw, and some pulls are at the same instant.
    Instant last = Instant.ofEpochSecond(random.nextInt(100));
    return new Event.PullsObserved(
        RepositoryName.parse("team/app-" + random.nextInt(2)),
        Digest.of(Digest.Algorithm.SHA256, new byte[] {(byte) random.nextInt(5)}),
        random.nextInt(4) == 0 ? Optional.empty() : Optional.of(Tag.parse("v" + random.nextInt(5))),
        1 + random.nextInt(9),
        last.minusSeconds(random.nextInt(60)),
        last);
  }

  @Test
  void pagesCountLikeSingleEvents() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    PullView view = new PullView();
    Map<String, Row> expected = new HashMap<>();
    try (TestDatabase testDatabase = TestDatabase.create();
        Database database = testDatabase.open()) {
      List<RecordedEvent> page = new ArrayList<>();
      for (long position = 0; position < EVENTS; position++) {
        Event.PullsObserved observed = pulls(random);
        count(expected, position, observed, observed.digest().toString());
        if (observed.tag().isPresent()) {
          count(expected, position, observed, observed.tag().get().value());
        }
        page.add(recorded(position, observed));
        if (random.nextInt(40) == 0 || position == EVENTS - 1) {
          database.jdbi().useTransaction(handle -> view.apply(handle, page));
          page.clear();
        }
      }
      Map<String, Row> found = new HashMap<>();
      database
          .jdbi()
          .useHandle(
              handle ->
                  handle
                      .createQuery(
                          """
                          SELECT repository, name AS pulled, pulls, last_position, last_at FROM pull_by_tag
                          UNION ALL
                          SELECT repository, digest_text(digest), pulls, last_position, last_at FROM pull_by_digest
                          """)
                      .map(
                          (row, _) ->
                              found.put(
                                  row.getString("repository") + " " + row.getString("pulled"),
                                  new Row(
                                      row.getLong("pulls"),
                                      row.getLong("last_position"),
                                      row.getObject("last_at", OffsetDateTime.class).toInstant())))
                      .list());
      assertThat(found).as("seed %d", seed).isEqualTo(expected).hasSize(20);
    }
  }

  private static void count(
      Map<String, Row> rows, long position, Event.PullsObserved observed, String pulled) {
    rows.merge(
        observed.repository() + " " + pulled,
        new Row(observed.count(), position, observed.last()),
        (row, _) -> row.and(position, observed));
  }

  private static RecordedEvent recorded(long position, Event event) {
    return Somebody.did(
        Somebody.numbered(0),
        event,
        Cause.OBSERVATION,
        position,
        Instant.EPOCH,
        new UUID(0, position));
  }
}
