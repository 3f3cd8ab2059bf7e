package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.event.Approved;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.event.RobotName;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Approval;
import dev.stele.restore.Restoration;
import dev.stele.restore.Restore;
import dev.stele.restore.RestoreRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What takes several persons is done when as many asked for it, and no sooner. */
class ApprovalsTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final Tag PROD = Tag.parse("prod");
  private static final Caller BOB = new Caller("bob", "r");
  private static final Caller CAROL = new Caller("carol", "r");

  private RegistryFixture fixture;
  private Registry registry;
  private Restore restore;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    fixture = RegistryFixture.onDisk(folder, RegistryOptions.DEFAULT);
    registry = fixture.registry();
    restore = fixture.engine().restore();
  }

  @AfterEach
  void close() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  private UUID hold(String repositories) {
    UUID id = UUID.randomUUID();
    HoldScope scope =
        new HoldScope(RepositoryGlob.parse(repositories), Optional.empty(), Optional.empty());
    assertThat(ok(registry.holds().place(ALICE, new NewHold(id, scope, false, "case 7")))).isTrue();
    return id;
  }

  private Outcome<Optional<Approval>> release(Caller caller, UUID hold, int others) {
    return registry.holds().release(caller, hold, others, "closed");
  }

  private boolean isReleased(UUID hold) {
    return ok(registry.holds().find(hold)).release().isPresent();
  }

  private static Caller acting(String name, Identity.Kind kind) {
    return new Caller(new Identity(name, kind, Optional.empty()), Origin.NONE, "r");
  }

  private List<String> types() {
    return registry.log().events(-1, 1_000, EventFilter.ALL).stream()
        .map(entry -> entry.type())
        .toList();
  }

  private void ageBy(String interval) {
    fixture
        .database()
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "UPDATE approval SET given_at = given_at - interval '" + interval + "'"));
  }

  @Test
  void aHoldIsReleasedByAsManyOthersAsItTakes() {
    UUID hold = hold("team/**");
    assertThat(release(ALICE, hold, 2)).isInstanceOf(Outcome.Refused.class);

    Approval waiting = ok(release(BOB, hold, 2)).orElseThrow();
    assertThat(waiting.names()).containsExactly("bob");
    assertThat(waiting.act()).isEqualTo(Approved.RELEASE_HOLD);
    assertThat(waiting.repositories()).isEqualTo("team/**");
    assertThat(ok(release(BOB, hold, 2))).as("who asked already is one person").isPresent();
    assertThat(isReleased(hold)).isFalse();
    assertThat(registry.approvals().list(Optional.empty(), 10).items()).containsExactly(waiting);

    assertThat(ok(release(CAROL, hold, 2))).isEmpty();
    assertThat(isReleased(hold)).isTrue();
    assertThat(registry.approvals().list(Optional.empty(), 10).items()).isEmpty();
    assertThat(types())
        .containsExactly("HoldPlaced", "ApprovalGiven", "ApprovalGiven", "HoldReleased");
    assertThat(registry.log().event(1).orElseThrow().cause().get("reason").asText())
        .as("whoever approves says why")
        .isEqualTo("closed");
    assertThat(ok(release(ALICE, hold, 2))).as("it had been released").isEmpty();
    assertThat(registry.log().event(3).orElseThrow().data().get("approvals").toString())
        .isEqualTo("[\"1\",\"2\"]");
    assertThat(ok(registry.holds().find(hold)).release().orElseThrow().by())
        .containsExactly("bob", "carol");
    People.Known bob =
        registry.people().list(Optional.of("bob"), Optional.empty(), 1).items().getFirst();
    assertThat(registry.people().forget(ALICE, bob.id())).isTrue();
    assertThat(ok(registry.holds().find(hold)).release().orElseThrow().by())
        .containsExactly("carol");
  }

  @Test
  void whoeverApprovedTakesThatBackAsLongAsOthersAreWaitedFor() {
    UUID hold = hold("team/**");
    RepositoryGlob place = RepositoryGlob.parse("team/**");
    String subject = hold.toString();
    Refusal none = new Refusal.UnknownApproval(Approved.RELEASE_HOLD, place, subject);
    assertThat(ok(release(BOB, hold, 2))).isPresent();
    assertThat(registry.approvals().withdraw(CAROL, Approved.RELEASE_HOLD, place, subject))
        .as("only one's own")
        .isEqualTo(Outcome.refused(none));
    long position = ok(registry.approvals().withdraw(BOB, Approved.RELEASE_HOLD, place, subject));
    EventEntry withdrawn = registry.log().event(position).orElseThrow();
    assertThat(withdrawn.type()).isEqualTo("ApprovalWithdrawn");
    assertThat(withdrawn.actor()).contains("bob");
    assertThat(withdrawn.data().get("approval").asText()).isEqualTo("1");
    assertThat(registry.approvals().list(Optional.empty(), 10).items()).isEmpty();
    assertThat(registry.approvals().withdraw(BOB, Approved.RELEASE_HOLD, place, subject))
        .isEqualTo(Outcome.refused(none));

    assertThat(ok(release(CAROL, hold, 2)).orElseThrow().names()).containsExactly("carol");
    assertThat(ok(release(BOB, hold, 2))).isEmpty();
    assertThat(registry.approvals().withdraw(BOB, Approved.RELEASE_HOLD, place, subject))
        .as("it is done")
        .isEqualTo(Outcome.refused(none));
  }

  @Test
  void onePersonIsEnoughWhereOneOtherIsAskedFor() {
    UUID hold = hold("team/app");
    assertThat(release(ALICE, hold, 1))
        .isEqualTo(Outcome.refused(new Refusal.NotAnother(hold.toString())));
    assertThat(ok(release(BOB, hold, 1))).isEmpty();
    assertThat(types()).containsExactly("HoldPlaced", "HoldReleased");
    assertThat(ok(registry.holds().find(hold)).release().orElseThrow().by()).containsExactly("bob");
  }

  @Test
  void onlyPersonsCount() {
    UUID hold = hold("team/app");
    for (Caller caller :
        List.of(
            new Caller(Identity.robot(RobotName.parse("ci")), Origin.NONE, "r"),
            acting("ci:octo/app", Identity.Kind.WORKLOAD),
            acting("cli:root", Identity.Kind.LOCAL),
            acting("anonymous", Identity.Kind.ANONYMOUS))) {
      assertThat(release(caller, hold, 1))
          .isEqualTo(Outcome.refused(new Refusal.NoPerson(caller.name(), Approved.RELEASE_HOLD)));
    }
    assertThat(types()).containsExactly("HoldPlaced");
    assertThat(ok(release(acting("cert:ann", Identity.Kind.CERTIFICATE), hold, 1))).isEmpty();
  }

  @Test
  void anApprovalCountsForADay() {
    UUID hold = hold("team/app");
    assertThat(ok(release(BOB, hold, 2))).isPresent();
    ageBy("1 day");
    assertThat(registry.approvals().list(Optional.empty(), 10).items()).isEmpty();
    assertThat(ok(release(CAROL, hold, 2)).orElseThrow().names()).containsExactly("carol");
    ageBy("23 hours");
    assertThat(ok(release(BOB, hold, 2))).isEmpty();
    assertThat(isReleased(hold)).isTrue();
  }

  @Test
  void whoseApprovalCountsIsNotForgotten() {
    UUID hold = hold("team/app");
    assertThat(ok(release(BOB, hold, 2))).isPresent();
    People.Known bob =
        registry.people().list(Optional.of("bob"), Optional.empty(), 1).items().getFirst();
    assertThatThrownBy(() -> registry.people().forget(ALICE, bob.id()))
        .hasMessageContaining("approved of what waits for others");
    assertThat(ok(release(CAROL, hold, 2))).isEmpty();
    assertThat(registry.people().forget(ALICE, bob.id())).isTrue();
  }

  @Test
  void whoIsNotKnownAnyMoreDoesNotCount() {
    UUID hold = hold("team/app");
    assertThat(ok(release(BOB, hold, 2))).isPresent();
    fixture
        .database()
        .jdbi()
        .useHandle(
            handle ->
                handle.execute(
                    "UPDATE actor SET opening = replace(opening, 'bob', 'eve') WHERE name ="
                        + " 'bob'"));
    assertThat(ok(release(CAROL, hold, 2)).orElseThrow().names()).containsExactly("carol");
  }

  @Test
  void ofManyAtOnceExactlyAsManyApproveAsItTakes() throws Exception {
    UUID hold = hold("team/app");
    int all = 8;
    CyclicBarrier barrier = new CyclicBarrier(all);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> asked =
          IntStream.range(0, all)
              .mapToObj(
                  number ->
                      threads.submit(
                          () -> {
                            barrier.await();
                            return ok(release(new Caller("person" + number, "r"), hold, 3))
                                .isEmpty();
                          }))
              .toList();
      int done = 0;
      for (Future<Boolean> one : asked) {
        done += one.get() ? 1 : 0;
      }
      assertThat(done).as("the third, and whoever comes to what is released").isEqualTo(all - 2);
    }
    assertThat(types())
        .containsExactly(
            "HoldPlaced", "ApprovalGiven", "ApprovalGiven", "ApprovalGiven", "HoldReleased");
  }

  @Test
  void aWholeRepositoryIsRestoredByAsManyAsItTakes() throws IOException {
    TestClient.push(
        registry, APP, PROD, TestManifest.artifact(TestClient.upload(registry, APP, "{}")));
    long then = registry.log().newestPosition();
    RestoreRequest whole =
        new RestoreRequest(APP, new Moment.AtPosition(then), Optional.empty(), false);
    assertThat(ok(restore.run(BOB, whole, 2)).done()).as("there is nothing to restore").isTrue();
    for (int round = 0; round < 2; round++) {
      ok(registry.deleteTag(ALICE, APP, PROD));
      Restoration waiting = ok(restore.run(BOB, whole, 2));
      assertThat(waiting.done()).isFalse();
      assertThat(waiting.items()).isNotEmpty();
      assertThat(waiting.waiting().orElseThrow().names()).containsExactly("bob");
      assertThat(ok(restore.run(BOB, whole, 2)).done()).isFalse();
      RestoreRequest other =
          new RestoreRequest(APP, new Moment.AtPosition(then), Optional.empty(), true);
      assertThat(ok(restore.run(CAROL, other, 2)).done()).as("that is something else").isFalse();
      assertThat(registry.approvals().list(Optional.empty(), 10).items()).hasSize(2);

      assertThat(ok(restore.run(CAROL, whole, 2)).done()).isTrue();
      assertThat(registry.log().event(registry.log().newestPosition()).orElseThrow().type())
          .isEqualTo("ApprovalsUsed");
      assertThat(ok(restore.run(BOB, other, 2)).done()).as("nothing is left to do").isTrue();
    }
  }

  @Test
  void aTagIsRestoredByOnePerson() throws IOException {
    TestClient.push(
        registry, APP, PROD, TestManifest.artifact(TestClient.upload(registry, APP, "{}")));
    long then = registry.log().newestPosition();
    ok(registry.deleteTag(ALICE, APP, PROD));
    RestoreRequest one =
        new RestoreRequest(APP, new Moment.AtPosition(then), Optional.of(PROD), false);
    assertThat(ok(restore.run(BOB, one, 2)).done()).isTrue();
  }
}
