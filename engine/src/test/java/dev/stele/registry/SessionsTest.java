package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.projection.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions of people, which end on every node at once. */
class SessionsTest {
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Identity MARY =
      new Identity("corp:mary", Identity.Kind.USER, Optional.of("corp"));

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Sessions sessions;

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder);
    sessions = fixture.registry().sessions();
  }

  @AfterEach
  void close() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  private static Caller mary() {
    return new Caller(MARY, Origin.NONE, "request-7");
  }

  private Sessions.Begun begin(Duration lifetime) {
    return sessions.begin(mary(), List.of("corp:ops", "corp:dev"), lifetime);
  }

  @Test
  void aSessionIsSomebodysForAWhile() {
    Instant before = Instant.now();
    Sessions.Begun begun = begin(HOUR);
    assertThat(begun.expires())
        .isBetween(before.plus(HOUR).minusSeconds(60), Instant.now().plus(HOUR).plusSeconds(60));
    for (int i = 0; i < 2; i++) { // By then from memory.
      Session session = sessions.of(begun.token()).orElseThrow();
      assertThat(session.identity()).contains(MARY);
      assertThat(session.groups()).containsExactly("corp:ops", "corp:dev");
      assertThat(session.expires()).isEqualTo(begun.expires());
      assertThat(session.countsAt(begun.expires())).isFalse();
      assertThat(session.countsAt(begun.expires().minusNanos(1))).isTrue();
    }
    // The id alone is no token, and is no secret.
    SessionToken other = begin(HOUR).token();
    assertThat(sessions.of(other)).isPresent();
    String mixed = begun.token().secret().substring(0, 22) + other.secret().substring(22);
    assertThat(SessionToken.parse(mixed).flatMap(sessions::of)).isEmpty();
    assertThat(SessionToken.parse(begun.token().secret().replace("_st_", "_rk_"))).isEmpty();
    assertThatThrownBy(() -> begin(Sessions.LONGEST.plusSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> begin(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anIdWithAnotherSecretIsNoToken() {
    String mine = begin(HOUR).token().secret();
    String unchecked = mine.substring(0, 22) + begin(HOUR).token().secret().substring(22, 65);
    CRC32 checksum = new CRC32();
    checksum.update(unchecked.getBytes(StandardCharsets.US_ASCII));
    SessionToken forged =
        SessionToken.parse(unchecked + HexFormat.of().toHexDigits((int) checksum.getValue()))
            .orElseThrow();
    assertThat(sessions.find(forged.id())).isPresent();
    assertThat(sessions.of(forged)).isEmpty();
  }

  @Test
  void theRecordSaysWhoseItWasAndHasNoToken() {
    Sessions.Begun begun = begin(HOUR);
    Session ended = ok(sessions.end(ALICE, begun.token().id()));
    assertThat(ended.identity()).contains(MARY);
    assertThat(sessions.of(begun.token())).isEmpty();
    assertThat(sessions.end(ALICE, begun.token().id()))
        .isEqualTo(Outcome.refused(new Refusal.UnknownSession(begun.token().id())));
    List<EventEntry> events = fixture.registry().log().events(-1, 10, EventFilter.ALL);
    assertThat(events).extracting(EventEntry::type).containsExactly("SessionBegan", "SessionEnded");
    assertThat(events.getFirst().identity()).contains(MARY);
    assertThat(events.getLast().actor()).contains("alice");
    assertThat(events.getLast().user()).contains(MARY);
    assertThat(events.toString())
        .contains(begun.token().id())
        .doesNotContain(begun.token().secret().substring(22));
    assertThat(begun.toString()).doesNotContain(begun.token().secret().substring(22));
  }

  @Test
  void whatExpiredGoesWithTheNext() throws Exception {
    Sessions.Begun brief = begin(Duration.ofSeconds(1));
    Sessions.Begun lasting = begin(HOUR);
    while (Instant.now().isBefore(brief.expires().plusMillis(50))) {
      Thread.sleep(20);
    }
    assertThat(sessions.of(brief.token()))
        .hasValueSatisfying(session -> assertThat(session.countsAt(Instant.now())).isFalse());
    assertThat(sessions.list(Optional.empty(), 10).items())
        .extracting(Session::id)
        .containsExactly(lasting.token().id());
    assertThat(sessions.end(ALICE, brief.token().id()))
        .isEqualTo(Outcome.refused(new Refusal.UnknownSession(brief.token().id())));
    Sessions.Begun next = begin(HOUR);
    List<String> kept =
        fixture
            .database()
            .jdbi()
            .<List<String>, RuntimeException>withHandle(
                handle -> handle.createQuery("SELECT id FROM session").mapTo(String.class).list());
    assertThat(kept).containsExactlyInAnyOrder(lasting.token().id(), next.token().id());
    assertThat(sessions.list(Optional.empty(), 1).items())
        .extracting(Session::id)
        .containsExactly(next.token().id());
    assertThat(sessions.list(Optional.empty(), 1).more()).isTrue();
    long newest = sessions.of(next.token()).orElseThrow().position();
    assertThat(sessions.list(Optional.of(newest), 5).items())
        .extracting(Session::id)
        .containsExactly(lasting.token().id());
  }

  @Test
  void whoIsForgottenIsSignedInNowhere() {
    Sessions.Begun begun = begin(HOUR);
    assertThat(sessions.of(begun.token())).isPresent();
    assertThat(sessions.of(begun.token())).isPresent();
    People.Known known =
        fixture
            .registry()
            .people()
            .list(Optional.of(MARY.name()), Optional.empty(), 1)
            .items()
            .getFirst();
    assertThat(fixture.registry().people().forget(ALICE, known.id())).isTrue();
    assertThat(sessions.of(begun.token())).isEmpty();
  }

  @Test
  void whatEndsOnOneNodeEndsOnAllAtOnce() throws Exception {
    try (DiskBlobStore store = new DiskBlobStore(folder.resolve("second"));
        RegistryFixture second =
            new RegistryFixture(
                fixture.testDatabase(), new BlobStores(store), RegistryOptions.DEFAULT)) {
      Sessions there = second.registry().sessions();
      for (int round = 0; round < 50; round++) {
        Sessions.Begun begun = begin(HOUR);
        assertThat(there.of(begun.token())).isPresent();
        assertThat(there.of(begun.token())).isPresent(); // By now from memory.
        ok(sessions.end(mary(), begun.token().id()));
        assertThat(there.of(begun.token())).isEmpty();
      }
    }
  }
}
