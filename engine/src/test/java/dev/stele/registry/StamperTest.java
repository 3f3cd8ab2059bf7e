package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.TrustPolicy;
import dev.stele.oci.RepositoryName;
import dev.stele.timestamp.TestAuthority;
import dev.stele.timestamp.TimeStamp;
import dev.stele.timestamp.TimeStampQuery;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An authority says when it saw what was signed; nobody waits for it. */
class StamperTest {
  private static final List<SigningKey> KEYS =
      List.of(SigningKey.generate("log.example.com", KeyType.ED25519));
  private static final List<NoteKey> VERIFIERS = KEYS.stream().map(SigningKey::verifier).toList();

  @TempDir private Path folder;
  private final TestWitness north =
      new TestWitness("north.example.com", KeyType.ML_DSA_44, VERIFIERS);
  private final TestAuthority authority;
  private RegistryFixture fixture;
  private Signer signer;
  private SignedLog log;
  private Witnesses witnesses;
  private Stamper stamper;
  private Instant now = Instant.now();
  private Optional<byte[]> answer = Optional.empty();
  private Optional<IOException> failure = Optional.empty();
  private int asked;
  private int made;

  StamperTest() throws Exception {
    authority = TestAuthority.create();
  }

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder.resolve("blobs"), RegistryOptions.DEFAULT);
    with(TrustPolicy.NONE);
  }

  @AfterEach
  void close() {
    stamper.close();
    fixture.close();
  }

  private void with(TrustPolicy policy) {
    LogSigning signing =
        new LogSigning(
            KEYS,
            folder.resolve("log-checkpoint"),
            policy,
            policy.witnesses().isEmpty() ? List.of() : List.of(north),
            Optional.of(
                new TimeStamping(
                    new TimeStampAuthority() {
                      @Override
                      public byte[] ask(byte[] query) throws IOException {
                        return answerTo(query);
                      }

                      @Override
                      public void close() {}
                    },
                    List.of(authority.root()),
                    Duration.ofMinutes(10))));
    signer = new Signer(fixture.database().jdbi(), signing);
    log = new SignedLog(fixture.database().jdbi(), fixture.commands(), Optional.of(signing));
    witnesses = new Witnesses(fixture.database().jdbi(), signing, () -> now);
    stamper =
        new Stamper(fixture.database().jdbi(), signing.timeStamping().orElseThrow(), () -> now);
  }

  private byte[] answerTo(byte[] query) throws IOException {
    asked++;
    if (failure.isPresent()) {
      throw failure.get();
    }
    try {
      return answer.isPresent() ? answer.get() : authority.answer(query);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void append(int events) {
    for (int i = 0; i < events; i++) {
      fixture.registry().initialise(ALICE, RepositoryName.parse("repository" + made++));
    }
    assertThat(signer.step()).isFalse();
    assertThat(signer.alarm()).isEmpty();
  }

  private void stamp() throws InterruptedException {
    now = now.plus(Witnesses.LONGEST_PAUSE);
    assertThat(stamper.step()).isFalse();
  }

  /** Has it be as if everything so far had been signed earlier. */
  private void age(Duration by) throws Exception {
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      statement.execute(
          "UPDATE checkpoint SET signed_at = signed_at - interval '%d seconds'"
              .formatted(by.toSeconds()));
    }
  }

  private long size() {
    return log.stamped().map(found -> Checkpoint.parse(found.note().text()).size()).orElse(-1L);
  }

  @Test
  void whatIsStampedIsTheTextOfTheCheckpoint() throws Exception {
    append(3);
    Instant at = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    authority.setClock(at);
    assertThat(log.stamped()).isEmpty();
    stamp();
    TimeStampedCheckpoint found = log.stamped().orElseThrow();
    assertThat(found.note()).isEqualTo(log.newest().orElseThrow());
    assertThat(found.at()).isEqualTo(at);
    assertThat(
            TimeStamp.verify(
                found.token(), found.note().text().getBytes(UTF_8), List.of(authority.root())))
        .isEqualTo(new TimeStamp(at, "CN=tsa.example.com"));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    stamper.measure(meters);
    assertThat(meters.get("stele.time.stamp.timestamp").timeGauge().value())
        .isEqualTo((double) at.getEpochSecond());
  }

  @Test
  void nobodyIsAskedMoreOftenThanTheyShouldNorAboutWhatHasNotGrown() throws Exception {
    append(1);
    stamp();
    append(1);
    stamp();
    assertThat(asked).as("not ten minutes have gone by").isEqualTo(1);
    age(Duration.ofMinutes(12));
    append(0);
    stamp();
    assertThat(asked).as("two events are more than one").isEqualTo(2);
    assertThat(size()).isEqualTo(2);
    age(Duration.ofMinutes(12));
    append(0);
    stamp();
    assertThat(asked).as("it has not grown").isEqualTo(2);
  }

  @Test
  void whatWasStampedStays() throws Exception {
    append(1);
    stamp();
    age(Duration.ofDays(400));
    append(1);
    append(1);
    assertThat(size()).isEqualTo(1);
  }

  @Test
  void anAuthorityThatIsAwayStopsNothing() throws Exception {
    failure = Optional.of(new IOException("cannot connect"));
    for (int i = 0; i < 4; i++) {
      append(1);
      stamp();
    }
    assertThat(log.stamped()).isEmpty();
    assertThat(stamper.alarm())
        .hasValueSatisfying(alarm -> assertThat(alarm).contains("cannot connect"));
    assertThat(stamper.step()).isFalse();
    assertThat(asked).as("it is left alone").isEqualTo(4);
    failure = Optional.empty();
    now = now.plus(Witnesses.LONGEST_PAUSE);
    authority.setClock(now);
    assertThat(stamper.step()).isFalse();
    assertThat(stamper.alarm()).isEmpty();
    assertThat(size()).isEqualTo(4);
  }

  @Test
  void whatShowsNothingIsNotKept() throws Exception {
    append(1);
    answer = Optional.of("<html>".getBytes(UTF_8));
    stamp();
    answer = Optional.of(authority.answer(other()));
    stamp();
    assertThat(asked).isEqualTo(2);
    assertThat(log.stamped()).isEmpty();
  }

  private static byte[] other() {
    return TimeStampQuery.about("something else".getBytes(UTF_8)).bytes();
  }

  @Test
  void aClockThatDiffersIsTold() throws Exception {
    append(1);
    authority.setClock(now.plus(Witnesses.LONGEST_PAUSE).plusSeconds(62));
    stamp();
    assertThat(size()).as("it is kept all the same").isEqualTo(1);
    assertThat(stamper.alarm())
        .hasValueSatisfying(alarm -> assertThat(alarm).contains("one of them is wrong"));
    age(Duration.ofMinutes(12));
    append(1);
    authority.setClock(now.plus(Witnesses.LONGEST_PAUSE).minusSeconds(58));
    stamp();
    assertThat(size()).isEqualTo(2);
    assertThat(stamper.alarm()).isEmpty();
  }

  /** So that a checkpoint has everything that there is. */
  @Test
  void whatIsWitnessedIsStampedRatherThanWhatIsNewer() throws Exception {
    with(
        TrustPolicy.parse(
            "witness north %s %s\nquorum north".formatted(north.verifier(), north.url())));
    append(1);
    assertThat(witnesses.step()).isFalse();
    append(1);
    stamp();
    assertThat(size()).isEqualTo(1);
    assertThat(log.stamped().orElseThrow().note()).isEqualTo(log.witnessed().orElseThrow());
    age(Duration.ofSeconds(630));
    append(1);
    stamp();
    assertThat(size()).as("witnesses have a minute").isEqualTo(1);
    age(Duration.ofSeconds(60));
    append(1);
    stamp();
    assertThat(size()).as("and no more").isEqualTo(4);
  }
}
