package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.event.EventCodec;
import dev.stele.log.LogReader;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.Proofs;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.Tile;
import dev.stele.merkle.Tree;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.TileView;
import dev.stele.verify.CheckpointCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was signed stays true, or nothing more is signed and somebody is told. */
class SignedLogTest {
  private static final List<SigningKey> KEYS =
      List.of(
          SigningKey.generate("log.example.com", KeyType.ED25519),
          SigningKey.generate("log.example.com", KeyType.ML_DSA_44));

  @TempDir private Path folder;
  private Path file;
  private RegistryFixture fixture;
  private SignedLog log;
  private Signer signer;
  private ProjectionRunner tiles;
  private int made;

  @BeforeEach
  void open() throws IOException {
    file = folder.resolve("log-checkpoint");
    fixture = RegistryFixture.onDisk(folder.resolve("blobs"), RegistryOptions.DEFAULT);
    log = new SignedLog(fixture.database().jdbi(), fixture.commands(), Optional.empty());
    signer = signing(KEYS);
    tiles =
        new ProjectionRunner(
            fixture.database().jdbi(), new LogReader(new EventCodec()), new TileView());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private Signer signing(List<SigningKey> keys) {
    return new Signer(fixture.database().jdbi(), new LogSigning(keys, file));
  }

  private void append(int events) {
    for (int i = 0; i < events; i++) {
      fixture.registry().initialise(ALICE, RepositoryName.parse("repository" + made++));
    }
  }

  private Checkpoint sign() {
    assertThat(signer.step()).isFalse();
    assertThat(signer.alarm()).isEmpty();
    return checkpoint(log.newest().orElseThrow());
  }

  private static Checkpoint checkpoint(SignedNote note) {
    return Checkpoint.parse(note.text());
  }

  private void asOwner(String sql) throws Exception {
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      statement.execute(sql);
    }
  }

  private List<String> check(Checkpoint... checkpoints) {
    return new CheckpointCheck(fixture.database().jdbi())
        .run(
            Stream.of(checkpoints)
                .map(
                    each ->
                        new SignedNote(each.body(), List.of())
                            .with(KEYS.getFirst().sign(each, Instant.now())))
                .toList(),
            List.of(KEYS.getFirst().verifier()),
            (_, _, _) -> {})
        .problems();
  }

  private void assertNothingIsSigned(Signer by, String why) throws IOException {
    Optional<SignedNote> before = log.newest();
    String outside = Files.exists(file) ? Files.readString(file) : "";
    assertThat(by.step()).isFalse();
    assertThat(by.alarm()).hasValueSatisfying(alarm -> assertThat(alarm).contains(why));
    assertThat(log.newest()).isEqualTo(before);
    assertThat(Files.exists(file) ? Files.readString(file) : "").isEqualTo(outside);
  }

  @Test
  void whatIsSignedGrowsWithTheLogAndIsTheSameOutside() throws IOException {
    assertThat(log.newest()).isEmpty();
    assertThat(sign()).isEqualTo(new Checkpoint("log.example.com", 0, Hash.EMPTY));
    List<Checkpoint> all = new ArrayList<>();
    for (int more : new int[] {1, 254, 1, 1, 300}) {
      append(more);
      // However far the view is.
      if (more != 254) {
        while (!tiles.step().isEmpty()) {
          // the next
        }
      }
      Checkpoint signed = sign();
      assertThat(signed.size()).isEqualTo(made);
      SignedNote note = log.newest().orElseThrow();
      assertThat(note.signatures()).hasSize(2);
      for (SigningKey key : KEYS) {
        assertThat(key.verifier().verifies(signed, key.verifier().in(note).orElseThrow())).isTrue();
      }
      assertThat(Files.readString(file)).isEqualTo(note.toString());
      all.add(signed);
    }
    assertThat(check(all.toArray(Checkpoint[]::new))).isEmpty();
    Tree tree = new Tree(tile -> log.tile(tile, tile.width(made)).orElseThrow(), made);
    for (Checkpoint each : all) {
      assertThat(
              Proofs.consistent(
                  each.size(), each.root(), made, tree.root(), tree.consistency(each.size())))
          .isTrue();
    }
    String before = Files.readString(file);
    Checkpoint _ = sign();
    assertThat(Files.readString(file)).as("nothing happened since").isEqualTo(before);
  }

  @Test
  void nothingIsSignedBeyondTheTree() {
    append(600);
    assertThat(sign().size()).as("the view has nothing yet, so no whole tile").isZero();
    while (!tiles.step().isEmpty()) {
      // the next
    }
    assertThat(sign().size()).isEqualTo(600);
  }

  @Test
  void tilesAndEntriesAreThoseOfTheSignedLog() {
    append(300);
    while (!tiles.step().isEmpty()) {
      // the next
    }
    Checkpoint signed = sign();
    append(5);
    assertThat(log.tile(new Tile(0, 0), 256)).isPresent();
    assertThat(log.tile(new Tile(0, 0), 17)).isPresent();
    assertThat(log.tile(new Tile(1, 0), 1)).isPresent();
    assertThat(log.tile(new Tile(0, 1), 44)).isPresent();
    assertThat(log.tile(new Tile(0, 1), 45)).as("that is not signed yet").isEmpty();
    assertThat(log.tile(new Tile(0, 1), 256)).isEmpty();
    assertThat(log.tile(new Tile(1, 0), 2)).isEmpty();
    assertThat(log.tile(new Tile(7, 999), 1)).isEmpty();
    assertThat(log.entries(1, 45)).isEmpty();
    assertThat(log.entries(0, 256)).isPresent();

    ByteBuffer entries = ByteBuffer.wrap(log.entries(1, 44).orElseThrow());
    byte[] hashes = log.tile(new Tile(0, 1), 44).orElseThrow();
    for (int i = 0; i < 44; i++) {
      byte[] leaf = new byte[entries.getShort() & 0xffff];
      entries.get(leaf);
      assertThat(new String(leaf, UTF_8)).contains("\"position\":\"" + (256 + i) + "\"");
      byte[] hash = new byte[Hash.BYTES];
      System.arraycopy(hashes, i * Hash.BYTES, hash, 0, Hash.BYTES);
      assertThat(Hash.leaf(leaf)).isEqualTo(Hash.of(hash));
    }
    assertThat(entries.hasRemaining()).isFalse();
    Tree tree =
        new Tree(tile -> log.tile(tile, tile.width(signed.size())).orElseThrow(), signed.size());
    assertThat(tree.root()).isEqualTo(signed.root());
  }

  @Test
  void anEventThatWasSignedAndHasChangedIsFound() throws Exception {
    append(30);
    Checkpoint before = sign();
    asOwner(
        """
        UPDATE event SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '"request":"', '"request":"x'), 'UTF8')
        WHERE position = 7
        """);
    append(1);
    assertNothingIsSigned(signer, "does not begin with what was signed before (30 events, in the");
    assertThat(check(before)).singleElement().asString().contains("are not those that were signed");
    // Nor by whoever changes what the database has of it as well.
    asOwner("DELETE FROM checkpoint");
    assertNothingIsSigned(signer, file.toString());
    asOwner(
        """
        UPDATE event SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '"request":"x', '"request":"'), 'UTF8')
        WHERE position = 7
        """);
    assertThat(sign().size()).as("that it is put right is seen").isEqualTo(31);
    assertThat(check(before)).isEmpty();
  }

  @Test
  void anEndThatIsGoneIsFoundThoughOthersTookItsPlace() throws Exception {
    append(30);
    Checkpoint before = sign();
    asOwner("DELETE FROM event WHERE position >= 20");
    assertNothingIsSigned(signer, "the log has fewer events than what was signed before");
    assertThat(check(before)).singleElement().asString().contains("had 30 when that was signed");
    asOwner("DELETE FROM checkpoint");
    assertNothingIsSigned(signer, "is an older copy, or its end was removed");
  }

  private void assertNothingIsAppended(String why) {
    assertThatThrownBy(() -> append(1))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining(why + " what was signed before (10 events")
        .hasMessageContaining("stele log recover");
  }

  @Test
  void nothingIsAppendedUntilTheLogIsWhatWasSigned() throws Exception {
    append(10);
    Checkpoint before = sign();
    asOwner("CREATE TABLE lost AS SELECT * FROM event WHERE position >= 8");
    asOwner("DELETE FROM event WHERE position >= 8");
    append(1); // before anybody has looked
    asOwner("DELETE FROM event WHERE position >= 8");
    assertThat(signer.check()).isPresent();
    assertNothingIsAppended("has fewer events than");
    // Another node that has no file is not told otherwise by the database alone.
    asOwner("DELETE FROM checkpoint");
    assertThat(
            new Signer(fixture.database().jdbi(), new LogSigning(KEYS, folder.resolve("none")))
                .check())
        .hasValueSatisfying(wrong -> assertThat(wrong).contains("as a node found"));
    assertNothingIsAppended("has fewer events than");

    asOwner("INSERT INTO event SELECT * FROM lost");
    assertThat(signer.check()).isEmpty();
    append(1);
    assertThat(sign().size()).isEqualTo(11);
    assertThat(check(before)).isEmpty();
  }

  @Test
  void anOperatorsWordLetsTheLogGoOnFromWhatThereIs() throws Exception {
    append(10);
    Checkpoint before = sign();
    assertThat(log.declareBreak(ALICE)).as("nothing is broken").isEmpty();
    asOwner("DELETE FROM event WHERE position >= 8");
    assertThat(signer.check()).isPresent();
    assertNothingIsAppended("has fewer events than");
    assertThat(log.declareBreak(ALICE)).contains(before.body());
    assertThat(fixture.registry().log().event(8).orElseThrow().type())
        .isEqualTo("LogBreakDeclared");
    append(1);
    assertThat(signer.check()).as("the file is there yet").isPresent();
    assertNothingIsAppended("does not begin with");
    assertThat(log.declareBreak(ALICE)).contains(before.body());
    Files.delete(file);
    append(1);
    assertThat(sign().size()).isEqualTo(12);
    assertThat(check(before)).singleElement().asString().contains("are not those that were signed");
  }

  @Test
  void anEventInTheMiddleThatIsGoneIsFound() throws Exception {
    append(10);
    Checkpoint before = sign();
    asOwner("DELETE FROM event WHERE position = 4");
    assertThat(check(before)).contains("there is no event at position 4");
  }

  @Test
  void keysOfAnotherLogSignNothing() throws Exception {
    append(3);
    Checkpoint _ = sign();
    append(1);
    Signer other = signing(List.of(SigningKey.generate("other.example.com", KeyType.ED25519)));
    assertNothingIsSigned(other, "give all nodes the same file of keys");
  }

  @Test
  void aFileThatCannotBeReadIsNotWrittenOver() throws Exception {
    append(3);
    Files.writeString(file, "nonsense");
    signer.step();
    assertThat(signer.alarm())
        .hasValueSatisfying(alarm -> assertThat(alarm).contains("cannot be read"));
    assertThat(Files.readString(file)).isEqualTo("nonsense");
  }

  @Test
  void aNodeThatIsNotTheFirstToPublishPublishesNothing() throws Exception {
    append(3);
    Checkpoint _ = sign();
    append(2);
    Checkpoint first = sign();
    SignedNote late =
        new SignedNote(new Checkpoint("log.example.com", 4, Hash.EMPTY).body(), List.of());
    boolean published =
        fixture
            .database()
            .jdbi()
            .inTransaction(handle -> Checkpoints.publish(handle, 1, late, Instant.now(), true));
    assertThat(published).isFalse();
    assertThat(checkpoint(log.newest().orElseThrow())).isEqualTo(first);
  }

  /** A node that ended after it wrote the file, and before it published. */
  @Test
  void whatIsInTheFileAndWasNotPublishedIsSignedAgain() throws Exception {
    append(3);
    Checkpoint _ = sign();
    append(2);
    Checkpoint lost = sign();
    String file = Files.readString(this.file);
    asOwner("DELETE FROM checkpoint WHERE number = 1");
    append(1);
    assertThat(sign().size()).isEqualTo(6);
    assertThat(check(lost)).isEmpty();
    Files.writeString(this.file, file);
    append(1);
    assertThat(sign().size()).as("or it is the file that is older").isEqualTo(7);
  }

  @Test
  void whatNobodyNeedsIsForgottenAfterAnHour() throws Exception {
    for (int i = 0; i < 3; i++) {
      append(1);
      Checkpoint _ = sign();
    }
    assertThat(numbers()).containsExactly(0L, 1L, 2L);
    asOwner("UPDATE checkpoint SET signed_at = signed_at - interval '61 minutes'");
    append(1);
    Checkpoint _ = sign();
    assertThat(numbers()).containsExactly(3L);
  }

  private List<Long> numbers() {
    return fixture
        .database()
        .jdbi()
        .withHandle(
            handle ->
                handle
                    .createQuery("SELECT number FROM checkpoint ORDER BY number")
                    .mapTo(Long.class)
                    .list());
  }
}
