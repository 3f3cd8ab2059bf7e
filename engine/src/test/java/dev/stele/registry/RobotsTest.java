package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.event.RobotName;
import dev.stele.projection.Robot;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Accounts of programs, and keys that take each other's place. */
class RobotsTest {
  private static final RobotName CI = RobotName.parse("ci");
  private static final RobotName OTHER = RobotName.parse("other");

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Robots robots;

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder);
    robots = fixture.registry().robots();
  }

  @AfterEach
  void close() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  private Robots.Issued create(RobotName name) {
    return ok(robots.create(ALICE, name, Optional.empty(), Optional.empty()));
  }

  private Robots.Issued issue(RobotName name, Duration lifetime) {
    return ok(robots.issueKey(ALICE, name, Optional.of(lifetime)));
  }

  private static List<String> ids(Robot robot) {
    return robot.keys().stream().map(Robot.Key::id).toList();
  }

  @Test
  void aRobotHasAKeyThatCountsAsLongAsIsUsual() {
    Instant before = Instant.now();
    Robots.Issued issued =
        ok(robots.create(ALICE, CI, Optional.of("builds payments"), Optional.empty()));
    assertThat(issued.expires())
        .isBetween(
            before.plus(Duration.ofDays(90)).minusSeconds(60),
            Instant.now().plus(Duration.ofDays(90)).plusSeconds(60));
    Robot robot = ok(robots.find(CI));
    assertThat(robot.description()).contains("builds payments");
    assertThat(robot.created().actor()).contains("alice");
    assertThat(ids(robot)).containsExactly(issued.key().id());
    assertThat(robots.key(CI, issued.key().id()))
        .hasValueSatisfying(key -> assertThat(key.hash()).isEqualTo(issued.key().hash()));
    assertThat(robots.create(ALICE, CI, Optional.empty(), Optional.empty()))
        .isEqualTo(Outcome.refused(new Refusal.RobotExists(CI)));
  }

  @Test
  void theRecordHasNoKey() {
    Robots.Issued issued = create(CI);
    String secret = issued.key().secret();
    List<EventEntry> events = fixture.registry().log().events(-1, 10, EventFilter.ALL);
    assertThat(events)
        .extracting(EventEntry::type)
        .containsExactly("RobotCreated", "RobotKeyIssued");
    assertThat(events.toString())
        .contains(issued.key().id())
        .contains(issued.key().hash().toString())
        .doesNotContain(secret.substring(22));
    assertThat(issued.toString()).doesNotContain(secret.substring(22));
  }

  @Test
  void twoKeysCountAtATime() {
    Robots.Issued first = create(CI);
    Robots.Issued second = issue(CI, Duration.ofDays(366));
    assertThat(robots.issueKey(ALICE, CI, Optional.empty()))
        .isEqualTo(
            Outcome.refused(
                new Refusal.TooManyRobotKeys(CI, List.of(first.key().id(), second.key().id()))));
    assertThat(ids(ok(robots.revokeKey(ALICE, CI, first.key().id()))))
        .containsExactly(second.key().id());
    assertThat(robots.key(CI, first.key().id())).isEmpty();
    assertThat(robots.key(CI, second.key().id())).isPresent();
    Robots.Issued third = issue(CI, Duration.ofDays(1));
    assertThat(ids(ok(robots.find(CI)))).containsExactly(second.key().id(), third.key().id());
    assertThat(robots.revokeKey(ALICE, CI, first.key().id()))
        .isEqualTo(Outcome.refused(new Refusal.UnknownRobotKey(CI, first.key().id())));
  }

  @Test
  void aKeyThatExpiredMakesRoomForAnother() throws Exception {
    Robots.Issued kept = create(CI);
    Robots.Issued brief = issue(CI, Duration.ofSeconds(1));
    assertThat(robots.key(CI, brief.key().id()))
        .hasValueSatisfying(
            key -> {
              assertThat(key.countsAt(brief.expires())).isFalse();
              assertThat(key.countsAt(brief.expires().minusNanos(1))).isTrue();
            });
    while (Instant.now().isBefore(brief.expires().plusMillis(50))) {
      Thread.sleep(20);
    }
    assertThat(ids(ok(robots.find(CI)))).containsExactly(kept.key().id(), brief.key().id());
    Robots.Issued next = issue(CI, Duration.ofDays(1));
    assertThat(ids(ok(robots.find(CI)))).containsExactly(kept.key().id(), next.key().id());
  }

  @Test
  void aKeyIsOneRobots() {
    Robots.Issued mine = create(CI);
    Robots.Issued theirs = create(OTHER);
    assertThat(robots.key(CI, theirs.key().id())).isEmpty();
    assertThat(robots.revokeKey(ALICE, CI, theirs.key().id()))
        .isEqualTo(Outcome.refused(new Refusal.UnknownRobotKey(CI, theirs.key().id())));
    assertThat(robots.key(OTHER, theirs.key().id())).isPresent();
    assertThat(ids(ok(robots.remove(ALICE, CI)))).containsExactly(mine.key().id());
    assertThat(robots.key(CI, mine.key().id())).isEmpty();
    assertThat(robots.remove(ALICE, CI)).isEqualTo(Outcome.refused(new Refusal.UnknownRobot(CI)));
    assertThat(robots.find(CI)).isEqualTo(Outcome.refused(new Refusal.UnknownRobot(CI)));
    Robots.Issued again = create(CI);
    assertThat(robots.key(CI, mine.key().id())).isEmpty();
    assertThat(robots.key(CI, again.key().id())).isPresent();
  }

  @Test
  void whatEndsOnOneNodeEndsOnAllAtOnce() throws Exception {
    try (DiskBlobStore store = new DiskBlobStore(folder.resolve("second"));
        RegistryFixture second =
            new RegistryFixture(
                fixture.testDatabase(), new BlobStores(store), RegistryOptions.DEFAULT)) {
      Robots there = second.registry().robots();
      for (int round = 0; round < 50; round++) {
        RobotName name = RobotName.parse("r" + round);
        Robots.Issued issued = create(name);
        String id = issued.key().id();
        assertThat(there.key(name, id)).isPresent();
        assertThat(there.key(name, id)).isPresent(); // By now from memory.
        ok(robots.revokeKey(ALICE, name, id));
        assertThat(there.key(name, id)).isEmpty();
      }
    }
  }

  @Test
  void robotsAreListedByNameInPages() {
    for (String name : List.of("b", "a.1", "c-3", "a")) {
      Robots.Issued _ = create(RobotName.parse(name));
    }
    Robots.Issued _ = issue(RobotName.parse("a"), Duration.ofDays(1));
    Page<Robot> first = robots.list(Optional.empty(), 2);
    assertThat(first.items()).extracting(robot -> robot.name().value()).containsExactly("a", "a.1");
    assertThat(first.items().getFirst().keys()).hasSize(2);
    assertThat(first.more()).isTrue();
    Page<Robot> last = robots.list(Optional.of(RobotName.parse("a.1")), 2);
    assertThat(last.items()).extracting(robot -> robot.name().value()).containsExactly("b", "c-3");
    assertThat(last.more()).isFalse();
  }

  @Test
  void noKeyCountsLongerThanIsAllowed() {
    for (Duration wrong :
        List.of(Duration.ofDays(366).plusSeconds(1), Duration.ZERO, Duration.ofSeconds(-1))) {
      assertThatThrownBy(() -> robots.create(ALICE, CI, Optional.empty(), Optional.of(wrong)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("expires must be longer than nothing and at most 366d");
    }
    assertThatThrownBy(() -> robots.create(ALICE, CI, Optional.of("a\nb"), Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("description ");
    assertThatThrownBy(() -> new RobotKeyLifetime(Duration.ofDays(1), Duration.ofDays(367)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RobotKeyLifetime(Duration.ofDays(2), Duration.ofDays(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aKeyIsRecognisedAndNothingElse() {
    SecureRandom random = new SecureRandom();
    Set<String> texts = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      RobotKey key = RobotKey.random(random);
      assertThat(key.secret()).matches("stele_rk_[0-9a-f]{12}_[A-Za-z0-9_-]{51}");
      assertThat(texts.add(key.secret())).isTrue();
      assertThat(RobotKey.parse(key.secret()))
          .hasValueSatisfying(
              read -> {
                assertThat(read.id()).isEqualTo(key.id());
                assertThat(read.hash()).isEqualTo(key.hash());
              });
      int at = random.nextInt(key.secret().length());
      char wrong = key.secret().charAt(at) == 'a' ? 'b' : 'a';
      String changed = key.secret().substring(0, at) + wrong + key.secret().substring(at + 1);
      assertThat(RobotKey.parse(changed)).isEmpty();
      assertThat(RobotKey.parse(key.secret() + "a")).isEmpty();
    }
    assertThat(RobotKey.parse("")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "CI", "-a", "a-", "a--b", "a b", "a+b", "a:b", "é", "a/b", "a\n"})
  void whatIsNoNameIsRefused(String name) {
    assertThatThrownBy(() -> RobotName.parse(name)).isInstanceOf(IllegalArgumentException.class);
    assertThat(RobotName.ofUser("robot+" + name)).isEmpty();
  }

  @Test
  void aNameHas64CharactersAtMost() {
    assertThat(RobotName.parse("a".repeat(64)).user()).isEqualTo("robot+" + "a".repeat(64));
    assertThatThrownBy(() -> RobotName.parse("a".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(RobotName.ofUser("robot+ci")).contains(CI);
    assertThat(RobotName.ofUser("ci")).isEmpty();
  }

  @Test
  void theNextExpiryIsThatOfARobotsLastKey() {
    Robots.Issued _ = create(CI);
    Robots.Issued _ = issue(CI, Duration.ofDays(1));
    Robots.Issued _ =
        ok(robots.create(ALICE, OTHER, Optional.empty(), Optional.of(Duration.ofDays(10))));
    assertThat(
            fixture
                .meters()
                .get("stele.robots.remaining")
                .timeGauge()
                .value(java.util.concurrent.TimeUnit.SECONDS))
        .isBetween(9.9 * 86_400, 10.0 * 86_400);
  }
}
