package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Event.AccessDenied.Reason;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessRecorderTest {
  private static final Caller BOB = from("192.0.2.7");

  @TempDir Path folder;
  private RegistryFixture fixture;
  private AccessRecorder accesses;

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder);
    accesses = fixture.registry().accesses();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private static Caller from(String address) {
    return new Caller(
        Identity.user("bob"),
        new Origin(Optional.of(address), Optional.of("curl"), Optional.empty()),
        "r");
  }

  private List<EventEntry> recorded() {
    accesses.flush();
    return fixture.registry().log().events(-1, 1_000, EventFilter.ALL);
  }

  private static String told(EventEntry event) {
    StringBuilder told = new StringBuilder(event.type());
    for (String field :
        List.of("way", "action", "asked", "reason", "question", "parameters", "count")) {
      JsonNode value = event.data().get(field);
      if (value != null) {
        told.append(' ').append(value.asText());
      }
    }
    return told.toString();
  }

  @Test
  void aSignInIsToldOnceAnHourOfEachPlace() {
    for (int i = 0; i < 5; i++) {
      accesses.signedIn(BOB, "password");
      accesses.signedIn(from("192.0.2.8"), "password");
      accesses.signedIn(BOB, "token");
    }
    assertThat(recorded())
        .extracting(AccessRecorderTest::told)
        .containsExactlyInAnyOrder(
            "SignedIn password 1", "SignedIn password 1", "SignedIn token 1");
    accesses.signedIn(BOB, "password");
    assertThat(recorded()).hasSize(3);
    assertThat(recorded())
        .extracting(event -> event.origin().flatMap(Origin::address).orElse(""))
        .containsExactlyInAnyOrder("192.0.2.7", "192.0.2.7", "192.0.2.8");
  }

  @Test
  void whateverStrangersSendIsAFewEvents() {
    for (int i = 0; i < 10_000; i++) {
      accesses.signInFailed(
          i % 2 == 0 ? Optional.empty() : Optional.of("user" + i % 100),
          "10.%d.%d.0/24".formatted(i / 256 % 256, i % 256),
          "password",
          "wrong");
    }
    List<EventEntry> events = recorded();
    assertThat(events).hasSize(AccessRecorder.MOST_STRANGERS + 1);
    assertThat(events.stream().mapToLong(event -> event.data().get("count").asLong()).sum())
        .isEqualTo(10_000);
    assertThat(events)
        .allSatisfy(
            event ->
                assertThat(event.identity().orElseThrow().kind()).isEqualTo(Identity.Kind.CLAIMED));
    assertThat(events).extracting(event -> event.actor().orElse("")).contains("stele:several");
  }

  @Test
  void whateverReasonsStrangersCauseAreAFewEvents() {
    for (int i = 0; i < 100; i++) {
      accesses.signInFailed(Optional.empty(), "192.0.2.0/24", "password", "wrong " + i);
    }
    assertThat(recorded()).hasSize(AccessRecorder.MOST_STRANGERS + 1);
  }

  @Test
  void refusalsAndReadingsAreCountedByWhatWasAsked() {
    for (int i = 0; i < 3; i++) {
      accesses.denied(BOB, "push", Optional.of(RepositoryName.parse("payments/api")), Reason.RIGHT);
      accesses.read(BOB, "/api/v1/events", "repository=app");
    }
    assertThat(recorded())
        .extracting(AccessRecorderTest::told)
        .containsExactlyInAnyOrder(
            "AccessDenied push payments/api RIGHT 3", "RecordRead /api/v1/events repository=app 3");
  }

  @Test
  void whoeverAsksForVeryMuchIsNotToldApartByAllOfIt() {
    int asked = AccessRecorder.MOST_OF_ONE + 20;
    for (int i = 0; i < asked; i++) {
      accesses.denied(
          BOB, "delete", Optional.of(RepositoryName.parse("repository" + i)), Reason.HELD);
    }
    accesses.denied(
        new Caller(Identity.NOBODY, BOB.origin(), "r"),
        "delete",
        Optional.of(RepositoryName.parse("secret")),
        Reason.IMMUTABLE);
    List<EventEntry> events = recorded();
    assertThat(events).hasSize(AccessRecorder.MOST_OF_ONE + 2);
    assertThat(events)
        .extracting(AccessRecorderTest::told)
        .contains("AccessDenied delete HELD 20", "AccessDenied delete IMMUTABLE 1");
  }

  @Test
  void whatWasRefusedIsFoundByTheRepositoryThatWasAskedFor() throws IOException {
    accesses.denied(BOB, "pull", Optional.of(RepositoryName.parse("team/app")), Reason.RIGHT);
    accesses.flush();
    for (int i = 0; i < 700; i++) {
      accesses.denied(
          new Caller("user" + i / 50, "r"),
          "pull",
          Optional.of(RepositoryName.parse("other/r" + i)),
          Reason.RIGHT);
    }
    accesses.flush();
    fixture.follow();
    accesses.denied(BOB, "push", Optional.of(RepositoryName.parse("team/app")), Reason.RIGHT);
    accesses.flush();
    for (String glob : List.of("team/app", "team/**", "t*/app")) {
      assertThat(
              fixture
                  .registry()
                  .log()
                  .events(-1, 1_000, EventFilter.ALL.in(RepositoryGlob.parse(glob))))
          .as(glob)
          .extracting(AccessRecorderTest::told)
          .containsExactly(
              "AccessDenied pull team/app RIGHT 1", "AccessDenied push team/app RIGHT 1");
    }
  }

  @Test
  void nothingIsToldWhereItIsOff() throws IOException {
    try (RegistryFixture silent =
        RegistryFixture.onDisk(
            folder.resolve("silent"), RegistryOptions.DEFAULT.withAccesses(false))) {
      AccessRecorder off = silent.registry().accesses();
      off.signedIn(BOB, "password");
      off.signInFailed(Optional.empty(), "192.0.2.0/24", "password", "wrong");
      off.denied(BOB, "push", Optional.empty(), Reason.RIGHT);
      off.read(BOB, "/api/v1/events", "");
      off.flush();
      assertThat(silent.registry().log().newestPosition()).isEqualTo(-1);
    }
  }
}
