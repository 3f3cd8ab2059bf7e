package dev.stele.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventCodecTest {
  private static final RepositoryName REPOSITORY = RepositoryName.parse("payments/api");
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
  private static final Digest OTHER = Digest.of(Digest.Algorithm.SHA512, new byte[] {2});
  private static final Tag TAG = Tag.parse("prod");
  private static final RobotName ROBOT = RobotName.parse("ci");
  private static final UUID HOLD = UUID.fromString("00000000-0000-0000-0000-000000000003");

  private static final Instant TIME = Instant.parse("2026-03-03T14:05:00.000001Z");

  private final EventCodec codec = new EventCodec();

  static Stream<Event> everyType() {
    return Stream.of(
        new Event.RepositoryCreated(REPOSITORY),
        new Event.BlobUploaded(REPOSITORY, DIGEST, Long.MAX_VALUE, "default", "key", true, false),
        new Event.BlobMounted(REPOSITORY, DIGEST, Optional.of(RepositoryName.parse("a")), true),
        new Event.BlobMounted(REPOSITORY, DIGEST, Optional.empty(), false),
        new Event.BlobDeleted(REPOSITORY, DIGEST),
        new Event.BlobRepaired(REPOSITORY, OTHER, "default", "key"),
        new Event.ManifestPut(
            REPOSITORY, DIGEST, "application/x", 17, Optional.of(OTHER), true, List.of()),
        new Event.ManifestPut(
            REPOSITORY, DIGEST, "application/x", 17, Optional.empty(), false, List.of(TAG)),
        new Event.ManifestDeleted(REPOSITORY, DIGEST),
        new Event.TagMoved(REPOSITORY, TAG, DIGEST, Optional.of(OTHER)),
        new Event.TagDeleted(REPOSITORY, TAG, DIGEST),
        new Event.TagRestored(REPOSITORY, TAG, DIGEST, Optional.of(OTHER), 5),
        new Event.TagRestored(REPOSITORY, TAG, DIGEST, Optional.empty(), 5),
        new Event.HoldPlaced(
            HOLD,
            Optional.of(REPOSITORY),
            Optional.empty(),
            Optional.of(TAG),
            Optional.empty(),
            true,
            "case 7"),
        new Event.HoldPlaced(
            HOLD,
            Optional.empty(),
            Optional.of("payments/**"),
            Optional.empty(),
            Optional.of(DIGEST),
            false,
            "case 7"),
        new Event.HoldReleased(
            HOLD,
            Optional.of(REPOSITORY),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            "closed",
            List.of(3L, 1L << 60)),
        new Event.RepositoryRemoved(REPOSITORY),
        new Event.BlobUnlinked(REPOSITORY, DIGEST, 7),
        new Event.BlobSwept("default", DIGEST, "key", 17, 7),
        new Event.OrphanSwept("default", "key", 17),
        new Event.BlobCorruptionFound(
            "default", DIGEST, "key", BlobProblem.CONTENT, OTHER.toString()),
        new Event.BlobFoundIntact("default", DIGEST, "key"),
        new Event.ManifestCollected(REPOSITORY, DIGEST, 7),
        new Event.RetentionPolicyAdopted(DIGEST),
        new Event.AccessPolicyAdopted(DIGEST),
        new Event.RetentionEvaluated(REPOSITORY, DIGEST, 9, TIME, 3, 1, OTHER, true),
        new Event.PullsObserved(REPOSITORY, DIGEST, Optional.of(TAG), 3, TIME, TIME),
        new Event.PullsObserved(REPOSITORY, DIGEST, Optional.empty(), 1, TIME, TIME),
        new Event.BlobPullsObserved(REPOSITORY, 12, TIME, TIME),
        new Event.StoreTakenOver("default", Optional.of(HOLD)),
        new Event.StoreTakenOver("default", Optional.empty()),
        new Event.ServerStarted("node:5000", "1", DIGEST, Optional.empty(), false),
        new Event.ServerStarted("node:5000", "1", DIGEST, Optional.of(OTHER), true),
        new Event.ServerStopped("node:5000"),
        new Event.ConfigurationChanged("node:5000", DIGEST, Optional.of(OTHER)),
        new Event.UserChanged(new Commitment("4".repeat(64)), Event.UserChanged.Change.ADDED),
        new Event.SignedIn("password", 1, TIME, TIME),
        new Event.SignInFailed("password", "wrong", 3, TIME, TIME),
        new Event.AccessDenied(
            "push", Optional.of(REPOSITORY), Event.AccessDenied.Reason.HELD, 3, TIME, TIME),
        new Event.RecordRead("events", Optional.of("type=x"), 3, TIME, TIME),
        new Event.ApprovalGiven(
            Approved.RELEASE_HOLD, HOLD.toString(), Optional.empty(), Optional.of("a/**"), 2),
        new Event.ApprovalGiven(
            Approved.RESTORE_REPOSITORY, "p7", Optional.of(REPOSITORY), Optional.empty(), 3),
        new Event.ApprovalWithdrawn(
            Approved.RELEASE_HOLD, HOLD.toString(), Optional.empty(), Optional.of("a/**"), 7),
        new Event.ApprovalsUsed(REPOSITORY, "p7"),
        new Event.EvidenceIssued(Optional.of(REPOSITORY), "{\"about\":\"repository\"}"),
        new Event.EvidenceIssued(Optional.empty(), "{\"about\":\"log\"}"),
        new Event.LogBreakDeclared("log.example.com\n17\nnone\n"),
        new Event.ActorForgotten(new Commitment("3".repeat(64))),
        new Event.ClockConfirmed(TIME),
        new Event.RobotCreated(ROBOT, Optional.of("builds")),
        new Event.RobotCreated(ROBOT, Optional.empty()),
        new Event.RobotKeyIssued(ROBOT, "0a1b2c3d4e5f", DIGEST, TIME),
        new Event.RobotKeyRevoked(ROBOT, "0a1b2c3d4e5f"),
        new Event.RobotRemoved(ROBOT),
        new Event.SessionBegan("0a1b2c3d4e5f", DIGEST, List.of("corp:ops"), TIME),
        new Event.SessionEnded("0a1b2c3d4e5f", new Commitment("4".repeat(64))));
  }

  static RecordedEvent recorded(Event event) {
    return new RecordedEvent(
        1L << 60,
        OptionalLong.of(17),
        TIME,
        TIME,
        new Initiator(
            new Commitment("1".repeat(64)),
            Optional.of(new Commitment("2".repeat(64))),
            "request-1"),
        Cause.digestDelete("sha256:x"),
        UUID.fromString("00000000-0000-0000-0000-000000000002"),
        event);
  }

  @ParameterizedTest
  @MethodSource("everyType")
  void whatIsWrittenIsReadBack(Event event) {
    RecordedEvent recorded = recorded(event);
    assertThat(codec.decode(codec.encode(recorded))).isEqualTo(recorded);
  }

  @Test
  void everyTypeOfEventIsAmongThoseTested() {
    assertThat(everyType().map(Object::getClass).distinct())
        .containsExactlyInAnyOrderElementsOf(EventCodec.types(Event.class).toList());
  }

  /** These bytes are in people's logs: a change here is a new schema, never an edit. */
  @Test
  void theBytesOfALeafAreFixed() {
    byte[] leaf =
        codec.encode(
            recorded(new Event.TagMoved(REPOSITORY, TAG, DIGEST, Optional.empty())), new byte[16]);
    assertThat(new String(leaf, StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {"actor":"1111111111111111111111111111111111111111111111111111111111111111","at":"2026-03-03T14:05:00.000001Z",\
            "cause":{"detail":"sha256:x","kind":"DIGEST_DELETE"},\
            "clock":"2026-03-03T14:05:00.000001Z",\
            "command":"00000000-0000-0000-0000-000000000002",\
            "data":{"digest":"sha256:4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",\
            "repository":"payments/api","tag":"prod"},\
            "origin":"2222222222222222222222222222222222222222222222222222222222222222",\
            "position":"1152921504606846976","previous":"17","request":"request-1",\
            "salt":"00000000000000000000000000000000","schema":1,"type":"TagMoved"}\
            """);
  }

  @Test
  void aManifestPutOfTheFirstSchemaHasNoTags() {
    byte[] leaf =
        new String(
                codec.encode(
                    recorded(
                        new Event.ManifestPut(
                            REPOSITORY, DIGEST, "a/x", 17, Optional.empty(), true, List.of()))),
                StandardCharsets.UTF_8)
            .replace(",\"tags\":[]", "")
            .replace("\"schema\":2", "\"schema\":1")
            .getBytes(StandardCharsets.UTF_8);
    assertThat(codec.decode(leaf).event())
        .isEqualTo(
            new Event.ManifestPut(
                REPOSITORY, DIGEST, "a/x", 17, Optional.empty(), true, List.of()));
  }

  @Test
  void whatTheFirstSchemaSaysWasDeniedWasForWantOfARight() {
    Event.AccessDenied denied =
        new Event.AccessDenied(
            "push", Optional.of(REPOSITORY), Event.AccessDenied.Reason.RIGHT, 3, TIME, TIME);
    byte[] leaf =
        new String(codec.encode(recorded(denied)), StandardCharsets.UTF_8)
            .replace(",\"reason\":\"RIGHT\"", "")
            .replace("\"schema\":2", "\"schema\":1")
            .getBytes(StandardCharsets.UTF_8);
    assertThat(new String(leaf, StandardCharsets.UTF_8)).doesNotContain("RIGHT");
    assertThat(codec.decode(leaf).event()).isEqualTo(denied);
  }

  @Test
  void theFirstSchemaSaysNothingOfWhatServersWereBefore() {
    Event started = new Event.ServerStarted("node:5000", "1", DIGEST, Optional.empty(), false);
    Event changed = new Event.ConfigurationChanged("node:5000", DIGEST, Optional.empty());
    for (Event event : List.of(started, changed)) {
      byte[] leaf =
          new String(codec.encode(recorded(event)), StandardCharsets.UTF_8)
              .replace("\"killed\":false,", "")
              .replace("\"schema\":2", "\"schema\":1")
              .getBytes(StandardCharsets.UTF_8);
      assertThat(new String(leaf, StandardCharsets.UTF_8)).doesNotContain("killed");
      assertThat(codec.decode(leaf).event()).isEqualTo(event);
    }
  }

  @Test
  void aReleaseOfTheFirstSchemaNamesNoApprovals() {
    Event.HoldReleased released =
        new Event.HoldReleased(
            HOLD,
            Optional.of(REPOSITORY),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            "closed",
            List.of());
    byte[] leaf =
        new String(codec.encode(recorded(released)), StandardCharsets.UTF_8)
            .replace("\"approvals\":[],", "")
            .replace("\"schema\":2", "\"schema\":1")
            .getBytes(StandardCharsets.UTF_8);
    assertThat(new String(leaf, StandardCharsets.UTF_8)).doesNotContain("approvals");
    assertThat(codec.decode(leaf).event()).isEqualTo(released);
  }

  @Test
  void twoLeavesOfOneEventDifferByTheirSalt() {
    RecordedEvent event = recorded(new Event.RepositoryCreated(REPOSITORY));
    assertThat(codec.encode(event)).isNotEqualTo(codec.encode(event));
  }

  @Test
  void anUpcasterBringsAnOlderSchemaToThePresentOne() {
    byte[] leaf =
        new String(
                codec.encode(recorded(new Event.RepositoryCreated(REPOSITORY))),
                StandardCharsets.UTF_8)
            .replace("\"schema\":1", "\"schema\":0")
            .replace("\"repository\":", "\"name\":")
            .getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> codec.decode(leaf)).isInstanceOf(CorruptLeafException.class);
    EventCodec upcasting =
        new EventCodec(
            Upcasters.NONE.with(
                "RepositoryCreated",
                0,
                data -> {
                  ObjectNode renamed = data.deepCopy();
                  renamed.set("repository", renamed.remove("name"));
                  return renamed;
                }));
    assertThat(upcasting.decode(leaf).event()).isEqualTo(new Event.RepositoryCreated(REPOSITORY));
  }

  @Test
  void whatIsNoLeafIsRefused() {
    String leaf =
        new String(
            codec.encode(recorded(new Event.RepositoryCreated(REPOSITORY))),
            StandardCharsets.UTF_8);
    assertThatThrownBy(() -> decode("{")).isInstanceOf(CorruptLeafException.class);
    assertThatThrownBy(() -> decode("{}")).hasMessageContaining("lacks type");
    assertThatThrownBy(() -> decode(leaf.replace("RepositoryCreated", "Nothing")))
        .hasMessageContaining("unknown event type Nothing");
    assertThatThrownBy(() -> decode(leaf.replace("\"schema\":1", "\"schema\":2")))
        .hasMessageContaining("schema 2");
    assertThatThrownBy(() -> decode(leaf.replace("payments/api", "Payments")))
        .isInstanceOf(CorruptLeafException.class);
  }

  private RecordedEvent decode(String leaf) {
    return codec.decode(leaf.getBytes(StandardCharsets.UTF_8));
  }
}
