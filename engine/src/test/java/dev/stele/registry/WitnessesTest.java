package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.TrustPolicy;
import dev.stele.oci.RepositoryName;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Others cosign what was signed, and say so if it is not what it was; nobody waits for them. */
class WitnessesTest {
  private static final List<SigningKey> KEYS =
      List.of(
          SigningKey.generate("log.example.com", KeyType.ED25519),
          SigningKey.generate("log.example.com", KeyType.ML_DSA_44));
  private static final List<NoteKey> VERIFIERS = KEYS.stream().map(SigningKey::verifier).toList();

  @TempDir private Path folder;
  private final TestWitness north =
      new TestWitness("north.example.com", KeyType.ED25519_COSIGNATURE, VERIFIERS);
  private final TestWitness south =
      new TestWitness("south.example.com", KeyType.ML_DSA_44, VERIFIERS);
  private RegistryFixture fixture;
  private LogSigning signing;
  private Signer signer;
  private SignedLog log;
  private Witnesses witnesses;
  private Instant now = Instant.now();
  private int made;

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder.resolve("blobs"), RegistryOptions.DEFAULT);
    of("all");
  }

  @AfterEach
  void close() {
    witnesses.close();
    fixture.close();
  }

  /** Has the two be asked, of which all or any must cosign. */
  private void of(String how) {
    signing =
        new LogSigning(
            KEYS,
            folder.resolve("log-checkpoint"),
            TrustPolicy.parse(
                """
                witness north %s %s
                witness south %s %s
                group both %s north south
                quorum both
                """
                    .formatted(north.verifier(), north.url(), south.verifier(), south.url(), how)),
            List.of(north, south),
            Optional.empty());
    signer = new Signer(fixture.database().jdbi(), signing);
    log = new SignedLog(fixture.database().jdbi(), fixture.commands(), Optional.of(signing));
    witnesses = new Witnesses(fixture.database().jdbi(), signing, () -> now);
  }

  private void append(int events) {
    for (int i = 0; i < events; i++) {
      fixture.registry().initialise(ALICE, RepositoryName.parse("repository" + made++));
    }
    assertThat(signer.step()).isFalse();
    assertThat(signer.alarm()).isEmpty();
  }

  private void ask() throws InterruptedException {
    now = now.plus(Witnesses.APART);
    assertThat(witnesses.step()).isFalse();
  }

  private static long size(Optional<SignedNote> note) {
    return note.map(found -> Checkpoint.parse(found.text()).size()).orElse(-1L);
  }

  private List<String> cosigners() {
    SignedNote newest = log.newest().orElseThrow();
    Checkpoint checkpoint = Checkpoint.parse(newest.text());
    return Stream.of(north, south)
        .map(TestWitness::verifier)
        .filter(key -> key.signed(checkpoint, newest))
        .map(NoteKey::name)
        .toList();
  }

  private void asOwner(String sql) throws Exception {
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      statement.execute(sql);
    }
  }

  @Test
  void whatIsSignedIsCosignedAndGrows() throws Exception {
    append(3);
    assertThat(log.witnessed()).as("signed is one thing, and witnessed another").isEmpty();
    ask();
    assertThat(size(log.witnessed())).isEqualTo(3);
    assertThat(log.witnessed()).isEqualTo(log.newest());
    assertThat(signing.policy().accepts(log.newest().orElseThrow())).isTrue();
  }

  @Test
  void eachCheckpointIsShownToContinueTheOneBefore() throws Exception {
    for (int more : new int[] {0, 1, 1, 5, 40, 130}) {
      append(more);
      ask();
      assertThat(size(log.witnessed())).isEqualTo(made);
    }
    assertThat(north.asked()).containsExactly(0L, 0L, 1L, 2L, 7L, 47L);
    assertThat(witnesses.missing()).isEmpty();
    assertThat(witnesses.rollback()).isEmpty();
  }

  @Test
  void nobodyIsAskedTwiceAboutTheSameNorAgainAtOnce() throws Exception {
    append(1);
    ask();
    append(1);
    assertThat(witnesses.step()).isFalse();
    assertThat(north.asked()).as("ten seconds have not gone by").hasSize(1);
    ask();
    ask();
    assertThat(north.asked()).hasSize(2);
    append(1);
    assertThat(witnesses.step()).isFalse();
    assertThat(north.asked()).as("after a quiet time at once").hasSize(3);
  }

  @Test
  void oneOfTwoIsEnoughWhereThePolicySaysSo() throws Exception {
    of("any");
    south.answer(new TestWitness.Reply(500, ""));
    append(2);
    ask();
    assertThat(size(log.witnessed())).isEqualTo(2);
    assertThat(cosigners()).containsExactly("north.example.com");
    now = now.plus(Witnesses.MISSING).plus(Witnesses.MISSING);
    append(1);
    ask();
    assertThat(witnesses.missing()).as("nobody is needed but the one").isEmpty();
  }

  @Test
  void aWitnessThatIsAwayStopsNothingAndGoesOnWhereItWas() throws Exception {
    append(2);
    ask();
    south.answer(new TestWitness.Reply(503, "maintenance"));
    append(2);
    ask();
    assertThat(size(log.newest())).isEqualTo(4);
    assertThat(cosigners()).containsExactly("north.example.com");
    assertThat(size(log.witnessed())).as("of both").isEqualTo(2);
    assertThat(witnesses.missing()).as("not for long").isEmpty();
    for (int i = 0; i < 6; i++) {
      append(1);
      now = now.plus(Witnesses.LONGEST_PAUSE);
      ask();
    }
    assertThat(witnesses.missing())
        .hasValueSatisfying(
            alarm -> assertThat(alarm).contains("north cosigns, south did not: answered 503"));
    south.answer(null);
    now = now.plus(Witnesses.LONGEST_PAUSE);
    ask();
    assertThat(witnesses.missing()).isEmpty();
    assertThat(size(log.witnessed())).isEqualTo(10);
    assertThat(south.asked()).endsWith(2L);
  }

  @Test
  void oneThatFailsIsLeftAloneForLongerEachTime() throws Exception {
    south.answer(new TestWitness.Reply(500, ""));
    for (int i = 0; i < 20; i++) {
      append(1);
      ask();
    }
    assertThat(north.asked()).hasSize(20);
    assertThat(south.asked()).as("after 10, 20, 40, 80 seconds").hasSize(5);
  }

  /** Which witness has what is not remembered here, since the witness does. */
  @Test
  void anotherNodeLearnsFromTheWitnessWhereItIs() throws Exception {
    append(5);
    ask();
    of("all");
    append(2);
    ask();
    assertThat(north.asked()).containsExactly(0L, 0L, 5L);
    assertThat(size(log.witnessed())).isEqualTo(7);
    assertThat(witnesses.rollback()).isEmpty();
  }

  @Test
  void aWitnessThatHasSeenMoreThanThereIsRaisesAnAlarm() throws Exception {
    append(5);
    ask();
    asOwner(
        "DELETE FROM cosignature; DELETE FROM checkpoint; DELETE FROM event WHERE position >= 3");
    Files.delete(folder.resolve("log-checkpoint"));
    of("all");
    assertThat(signer.step()).isFalse();
    assertThat(size(log.newest())).isEqualTo(3);
    ask();
    assertThat(witnesses.rollback())
        .hasValueSatisfying(
            alarm ->
                assertThat(alarm)
                    .contains("the witness north has cosigned 5 events of the log, which has fewer")
                    .contains("the witness south has"));
    assertThat(log.witnessed()).isEmpty();
  }

  @Test
  void aWitnessThatHasSeenAnotherLogRaisesAnAlarmThoughThisOneIsLonger() throws Exception {
    append(5);
    ask();
    north.know(new Checkpoint("log.example.com", 4, Hash.leaf(new byte[0])));
    append(3);
    ask();
    assertThat(witnesses.rollback())
        .hasValueSatisfying(
            alarm ->
                assertThat(alarm)
                    .contains("does not continue what the witness north cosigned, 4 events"));
    assertThat(cosigners()).containsExactly("south.example.com");
  }

  @Test
  void whatAnotherNodeHadCosignedMeanwhileIsNoRollback() throws Exception {
    append(5);
    Checkpoint five = Checkpoint.parse(log.newest().orElseThrow().text());
    // This node is asked to go on with what it had read before the other signed more.
    append(1);
    Checkpoint six = Checkpoint.parse(log.newest().orElseThrow().text());
    asOwner("UPDATE checkpoint SET number = 0 - number");
    assertThat(Checkpoint.parse(log.newest().orElseThrow().text())).isEqualTo(five);
    TestWitness quick = north;
    quick.know(six);
    Witnesses late =
        new Witnesses(
            fixture.database().jdbi(),
            new LogSigning(
                KEYS,
                folder.resolve("log-checkpoint"),
                TrustPolicy.parse(
                    "witness north %s %s\nquorum north".formatted(north.verifier(), north.url())),
                List.of(
                    new Witness() {
                      @Override
                      public Answer add(long old, List<Hash> proof, SignedNote note) {
                        publishAgain();
                        return quick.add(old, proof, note);
                      }

                      @Override
                      public String url() {
                        return quick.url();
                      }

                      @Override
                      public void close() {}
                    }),
                Optional.empty()),
            () -> now);
    assertThat(late.step()).isFalse();
    assertThat(late.rollback()).isEmpty();
    assertThat(log.witnessed()).isEmpty();
  }

  private void publishAgain() {
    try {
      asOwner("UPDATE checkpoint SET number = 0 - number");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatIsNoCosignatureOfTheKeyIsNotKept() throws Exception {
    append(1);
    north.changeKey();
    south.answer(new TestWitness.Reply(200, "<html>\n"));
    ask();
    assertThat(cosigners()).isEmpty();
    now = now.plus(Witnesses.MISSING);
    assertThat(witnesses.missing())
        .hasValueSatisfying(
            alarm ->
                assertThat(alarm)
                    .contains("north did not: answered without a cosignature by its key")
                    .contains("south did not: answered 200 with what are no lines"));
    // Of the right key, and of something else.
    SigningKey other = SigningKey.generate("other.example.com", KeyType.ML_DSA_44);
    Checkpoint elsewhere = new Checkpoint("log.example.com", 9, Hash.EMPTY);
    south.answer(
        new TestWitness.Reply(
            200, other.sign(elsewhere, now) + "\n" + forged(south.verifier()) + "\n"));
    ask();
    assertThat(cosigners()).isEmpty();
    now = now.plus(Witnesses.LONGEST_PAUSE);
    south.answer(null);
    south.setClock(now.plus(Duration.ofDays(400_000)));
    ask();
    assertThat(cosigners()).isEmpty();
    assertThat(rows("cosignature")).isZero();
  }

  private static SignedNote.Line forged(NoteKey key) {
    byte[] signature = new byte[8 + 2420];
    signature[7] = 1;
    return new SignedNote.Line(key.name(), key.id(), signature);
  }

  private long rows(String table) {
    return fixture
        .database()
        .jdbi()
        .withHandle(
            handle -> handle.createQuery("SELECT count(*) FROM " + table).mapTo(Long.class).one());
  }

  @Test
  void theLastOfEachWitnessStaysThoughItIsOld() throws Exception {
    append(1);
    ask();
    south.answer(new TestWitness.Reply(500, ""));
    for (int i = 0; i < 3; i++) {
      append(1);
      ask();
    }
    asOwner("UPDATE checkpoint SET signed_at = signed_at - interval '2 hours'");
    append(1);
    assertThat(size(log.witnessed())).as("of both").isEqualTo(1);
    assertThat(rows("checkpoint")).as("of both, of north and the newest").isEqualTo(3);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    witnesses.measure(meters, () -> true);
    assertThat(
            meters
                .get("stele.witness.cosigned.timestamp")
                .tag("witness", "south")
                .timeGauge()
                .value())
        .isGreaterThan((double) now.minus(Duration.ofDays(1)).getEpochSecond());
    assertThat(meters.get("stele.witness.failures").tag("witness", "south").gauge().value())
        .isPositive();
  }

  @Test
  void whereNobodyMustCosignWhatIsSignedCounts() {
    signing = new LogSigning(KEYS, folder.resolve("log-checkpoint"));
    signer = new Signer(fixture.database().jdbi(), signing);
    log = new SignedLog(fixture.database().jdbi(), fixture.commands(), Optional.of(signing));
    append(2);
    assertThat(size(log.witnessed())).isEqualTo(2);
    of("all");
    log = new SignedLog(fixture.database().jdbi(), fixture.commands(), Optional.of(signing));
    assertThat(log.witnessed()).as("now somebody must").isEmpty();
    assertThat(log.policy().orElseThrow().toString()).endsWith("quorum both\n");
    assertThat(log.keys()).isEqualTo(VERIFIERS);
  }
}
