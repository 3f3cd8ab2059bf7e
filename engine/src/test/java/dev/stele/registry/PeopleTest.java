package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.event.ActorId;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.verify.Finding;
import dev.stele.verify.Fsck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeopleTest {
  private static final Identity BOB = Identity.user("bob");
  private static final Caller FROM_HOME =
      new Caller(
          BOB, new Origin(Optional.of("192.0.2.7"), Optional.of("curl"), Optional.empty()), "r");

  @TempDir Path folder;
  private DiskBlobStore store;
  private RegistryFixture fixture;
  private Registry registry;
  private int created;

  @BeforeEach
  void open() throws IOException {
    store = new DiskBlobStore(folder);
    fixture = new RegistryFixture(store);
    registry = fixture.registry();
  }

  @AfterEach
  void close() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  private EventEntry act(Caller caller) {
    registry.initialise(caller, RepositoryName.parse("repository" + created++));
    return registry.log().event(registry.log().newestPosition()).orElseThrow();
  }

  private List<People.Known> called(String name) {
    return registry.people().list(Optional.of(name), Optional.empty(), 10).items();
  }

  private static EventFilter by(String actor) {
    return new EventFilter(
        Optional.empty(),
        Set.of(),
        Optional.of(actor),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private int origins() {
    return fixture
        .database()
        .jdbi()
        .withHandle(
            handle -> handle.createQuery("SELECT count(*) FROM origin").mapTo(Integer.class).one());
  }

  @Test
  void whoeverHasTheSameNameIsAnother() {
    act(ALICE);
    act(FROM_HOME);
    act(new Caller(new Identity("bob", Identity.Kind.ROBOT, Optional.empty()), Origin.NONE, "r"));
    act(
        new Caller(
            new Identity("bob", Identity.Kind.WORKLOAD, Optional.of("ci")), Origin.NONE, "r"));
    act(FROM_HOME);
    assertThat(called("bob"))
        .extracting(known -> known.identity().kind())
        .containsExactlyInAnyOrder(Identity.Kind.USER, Identity.Kind.ROBOT, Identity.Kind.WORKLOAD);
    EventFilter filter = by("bob");
    assertThat(registry.log().events(-1, 10, filter)).hasSize(4);
    List<People.Known> all = new ArrayList<>();
    Page<People.Known> page = registry.people().list(Optional.empty(), Optional.empty(), 1);
    all.addAll(page.items());
    while (page.more()) {
      People.Known last = page.items().getLast();
      page =
          registry
              .people()
              .list(Optional.empty(), Optional.of(new People.After(last.name(), last.id())), 1);
      all.addAll(page.items());
    }
    assertThat(all).extracting(People.Known::name).startsWith("alice", "bob", "bob", "bob");
  }

  @Test
  void whatAForgottenPersonDidStaysButNotWhoTheyWere() throws IOException {
    act(ALICE);
    EventEntry before = act(FROM_HOME);
    assertThat(before.identity()).contains(BOB);
    assertThat(before.origin()).contains(FROM_HOME.origin());
    assertThat(origins()).isEqualTo(1);

    People.Known bob = called("bob").getFirst();
    assertThat(registry.people().forget(ALICE.because(Optional.of("they asked")), bob.id()))
        .isTrue();
    long newest = registry.log().newestPosition();
    assertThat(registry.people().forget(ALICE, bob.id())).isTrue();
    assertThat(registry.people().forget(ALICE, new ActorId(new UUID(1, 1)))).isFalse();
    assertThat(registry.log().newestPosition()).isEqualTo(newest);

    EventEntry said = registry.log().event(registry.log().newestPosition()).orElseThrow();
    assertThat(said.type()).isEqualTo("ActorForgotten");
    assertThat(said.actor()).contains("alice");
    assertThat(said.cause().get("reason").asText()).isEqualTo("they asked");
    assertThat(said.data().get("actor").asText())
        .startsWith(bob.id().value().toString().replace("-", ""));
    EventEntry after = registry.log().event(before.position()).orElseThrow();
    assertThat(after.identity()).isEmpty();
    assertThat(after.origin()).isEmpty();
    assertThat(called("bob")).isEmpty();
    assertThat(origins()).isZero();
    assertThat(NeverSeen.of(registry, by("bob"))).isPresent();

    assertThat(act(FROM_HOME).identity()).contains(BOB);
    assertThat(called("bob").getFirst().id()).isNotEqualTo(bob.id());
    assertThat(registry.log().events(-1, 10, by("bob"))).hasSize(1);
    List<Finding> findings = new ArrayList<>();
    new Fsck(fixture.database().jdbi(), new BlobStores(store))
        .run(false, findings::add, (_, _, _) -> {});
    assertThat(findings).isEmpty();
  }

  @Test
  void whoMustBeNamedIsNotForgotten() {
    act(FROM_HOME);
    People.Known bob = called("bob").getFirst();
    assertThatThrownBy(() -> registry.people().forget(FROM_HOME, bob.id()))
        .hasMessageContaining("nobody forgets themselves");
    NewHold hold =
        new NewHold(
            UUID.randomUUID(),
            new HoldScope(RepositoryGlob.parse("**"), Optional.empty(), Optional.empty()),
            false,
            "a case");
    TestClient.ok(registry.holds().place(FROM_HOME, hold));
    assertThatThrownBy(() -> registry.people().forget(ALICE, bob.id()))
        .hasMessageContaining("holds that are in force");
    TestClient.ok(registry.holds().release(ALICE, hold.id(), 0, "over"));
    assertThat(registry.people().forget(ALICE, bob.id())).isTrue();
  }

  @Test
  void theRegistryItselfIsNotForgotten() {
    act(new Caller(Identity.system("stele:test"), Origin.NONE, "r"));
    act(new Caller(Identity.NOBODY, FROM_HOME.origin(), "r"));
    for (String name : List.of("stele:test", Identity.NOBODY.name())) {
      assertThatThrownBy(() -> registry.people().forget(FROM_HOME, called(name).getFirst().id()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
