package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.TestDatabase;
import dev.stele.event.EventCodec;
import dev.stele.event.Identity;
import dev.stele.event.Opening;
import dev.stele.event.Origin;
import dev.stele.event.RobotName;
import dev.stele.evidence.EvidenceCheck;
import dev.stele.evidence.EvidenceQuestion;
import dev.stele.evidence.EvidenceQuestion.About;
import dev.stele.evidence.Trust;
import dev.stele.log.LogReader;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.TrustPolicy;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TestPolicies;
import dev.stele.projection.AsynchronousProjections;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.Projection;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.RebuiltViews;
import dev.stele.projection.Verification;
import dev.stele.verify.CheckpointCheck;
import dev.stele.verify.Fsck;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a superuser of PostgreSQL and root on the disk change of the record: who finds it and
 * names it, and who does not. What stands here stands in docs/security.md.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecordAttacksTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final List<SigningKey> KEYS = keys();
  private static final List<NoteKey> VERIFIERS = verifiers(KEYS);
  private static final Caller BOB =
      new Caller(
          Identity.user("bob"),
          new Origin(Optional.of("192.0.2.7"), Optional.of("curl"), Optional.of("key-1")),
          "r");
  private static final EvidenceQuestion QUESTION =
      new EvidenceQuestion(
          About.REPOSITORY,
          Optional.of(APP),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          -1,
          OptionalLong.empty(),
          false);

  /** Who may find something; a column of the table in docs/security.md each, in this order. */
  private enum Finder {
    FSCK("`fsck --deep`"),
    VIEWS("`projections verify`"),
    OWN("`log verify`"),
    KEPT("`log verify`, older checkpoint from elsewhere"),
    EVIDENCE("evidence, keys from elsewhere"),
    SIGNER("alarm `log`"),
    WITNESS("witness");

    private final String title;

    Finder(String title) {
      this.title = title;
    }
  }

  /** Changes something. */
  @FunctionalInterface
  private interface Change {
    void to(Machine machine) throws Exception;
  }

  /**
   * An attack.
   *
   * @param what is changed
   * @param found who finds that, and a part of what they say
   */
  record Attack(String what, Change change, Map<Finder, String> found) {
    @Override
    public String toString() {
      return what;
    }
  }

  /** Who finds it, and a part of what they say. */
  private record Found(Finder by, String says) {}

  private static Attack attack(String what, Change change, Found... found) {
    return new Attack(
        what, change, Stream.of(found).collect(Collectors.toMap(Found::by, Found::says)));
  }

  private static Found found(Finder by, String says) {
    return new Found(by, says);
  }

  private static List<SigningKey> keys() {
    return List.of(
        SigningKey.generate("log.example.com", KeyType.ED25519),
        SigningKey.generate("log.example.com", KeyType.ML_DSA_44));
  }

  private static List<NoteKey> verifiers(List<SigningKey> keys) {
    return keys.stream().map(SigningKey::verifier).toList();
  }

  // ---- what is attacked

  /** The state of a machine, which is copied for each attack. */
  private record State(TestDatabase database, Path folder, Checkpoint checkpoint) {}

  @TempDir private static Path folder;
  private final TestWitness witness =
      new TestWitness("witness.example.com", KeyType.ED25519_COSIGNATURE, VERIFIERS);
  private State early;
  private State late;
  private SignedNote kept;

  /** The positions of two events of the same kind: in a whole tile, and behind the last one. */
  private long inTile;

  private long behind;
  private Digest layer;
  private Digest manifest;
  private int copies;

  @BeforeAll
  void record() throws Exception {
    State empty =
        new State(TestDatabase.create(), Files.createDirectory(folder.resolve("0")), null);
    State first;
    try (Machine machine = new Machine(empty.database(), empty.folder())) {
      Registry registry = machine.fixture.registry();
      layer = TestClient.upload(registry, APP, "layer");
      Digest config = TestClient.upload(registry, APP, "{}");
      manifest = TestClient.push(registry, APP, Tag.parse("v1"), TestManifest.image(config, layer));
      inTile = registry.log().newestPosition();
      assertThat(registry.initialise(BOB, RepositoryName.parse("team/bob"))).isTrue();
      ok(
          registry
              .holds()
              .place(
                  ALICE,
                  new NewHold(
                      UUID.randomUUID(),
                      new HoldScope(
                          RepositoryGlob.parse("team/*"), Optional.empty(), Optional.empty()),
                      false,
                      "case 7")));
      ok(
          registry
              .robots()
              .create(ALICE, RobotName.parse("ci"), Optional.empty(), Optional.empty()));
      assertThat(machine.fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED))
          .isTrue();
      TestClient.push(registry, APP, Tag.parse("latest"), TestManifest.image(config));
      kept = machine.giveEvidence();
      first = new State(empty.database(), empty.folder(), Checkpoint.parse(kept.text()));
    }
    early =
        new State(
            first.database().copy(), copy(first.folder(), folder.resolve("e")), first.checkpoint());
    try (Machine machine = new Machine(first.database(), first.folder())) {
      Registry registry = machine.fixture.registry();
      for (int i = 0; i < 520; i++) {
        assertThat(registry.initialise(ALICE, RepositoryName.parse("filler" + i))).isTrue();
      }
      Digest config = TestClient.upload(registry, APP, "{\"2\":2}");
      TestClient.push(registry, APP, Tag.parse("v2"), TestManifest.image(config, layer));
      behind = registry.log().newestPosition();
      late =
          new State(
              first.database(), first.folder(), Checkpoint.parse(machine.giveEvidence().text()));
    }
    assertThat(inTile).isLessThan(256);
    assertThat(behind).isBetween(512L, 767L);
  }

  @AfterAll
  void drop() {
    early.database().close();
    late.database().close();
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : all.toList()) {
        Files.copy(each, to.resolve(from.relativize(each).toString()));
      }
    }
    return to;
  }

  /** Remembers what the witness answered last. */
  private static final class Asked implements Witness {
    private final Witness witness;
    private Optional<Answer> last = Optional.empty();

    private Asked(Witness witness) {
      this.witness = witness;
    }

    @Override
    public Answer add(long old, List<Hash> proof, SignedNote note) throws InterruptedException {
      Answer answer = witness.add(old, proof, note);
      last = Optional.of(answer);
      return answer;
    }

    @Override
    public String url() {
      return witness.url();
    }

    @Override
    public void close() {}
  }

  /** Database, data folder and keys, of which the attacker has all or some. */
  private final class Machine implements AutoCloseable {
    private final Path folder;
    private final Path file;
    private final DiskBlobStore store;
    private TestDatabase database;
    private RegistryFixture fixture;
    private List<SigningKey> keys = KEYS;

    private Machine(TestDatabase database, Path folder) throws IOException {
      this.folder = folder;
      this.file = folder.resolve("log-checkpoint");
      this.store = new DiskBlobStore(folder.resolve("blobs"));
      open(database);
    }

    private void open(TestDatabase opened) {
      database = opened;
      fixture =
          new RegistryFixture(
              opened,
              new BlobStores(store),
              RegistryOptions.DEFAULT.withSigning(new LogSigning(keys, file)));
    }

    private Jdbi jdbi() {
      return fixture.database().jdbi();
    }

    private LogSigning signing(Witness asked) {
      return new LogSigning(
          keys,
          file,
          TrustPolicy.parse(
              "witness w %s %s\nquorum w\n".formatted(witness.verifier(), witness.url())),
          List.of(asked),
          Optional.empty());
    }

    private Signer signer() {
      return new Signer(jdbi(), signing(witness));
    }

    private SignedLog log() {
      return fixture.registry().signedLog();
    }

    /** Has evidence given, the views follow, the log signed and the witness asked. */
    private SignedNote giveEvidence() throws Exception {
      AsynchronousProjections views = new AsynchronousProjections(new ManifestDocuments());
      RegistryFixture.Signing signing = fixture.keepSigning(new LogSigning(keys, file));
      try {
        follow(views); // the tree, so that so much can be signed
        ok(fixture.registry().evidence().give(ALICE, QUESTION));
      } finally {
        signing.close();
      }
      follow(views);
      assertThat(askWitness()).isEmpty();
      return log().newest().orElseThrow();
    }

    private void follow(AsynchronousProjections views) {
      for (Projection view : views.projections()) {
        ProjectionRunner runner =
            new ProjectionRunner(jdbi(), new LogReader(new EventCodec()), view);
        while (!runner.step().isEmpty()) {
          // the next
        }
      }
    }

    // ---- what attackers do

    private void sql(String... statements) throws SQLException {
      try (Connection owner = database.connect();
          Statement statement = owner.createStatement()) {
        statement.execute("SET session_replication_role = replica");
        for (String sql : statements) {
          statement.execute(sql);
        }
      }
    }

    private String leaf(long position) {
      return jdbi()
          .withHandle(
              handle ->
                  handle
                      .createQuery(
                          "SELECT convert_from(leaf, 'UTF8') FROM event WHERE position = :position")
                      .bind("position", position)
                      .mapTo(String.class)
                      .one());
    }

    private void rewrite(long position, String pattern, String with) throws SQLException {
      String before = leaf(position);
      String after = before.replaceFirst(pattern, with);
      assertThat(after).isNotEqualTo(before);
      sql(
          "UPDATE event SET leaf = '\\x%s' WHERE position = %d"
              .formatted(HexFormat.of().formatHex(after.getBytes(UTF_8)), position));
    }

    /** Has what Alice did be what Bob did, and whatever is made of it fit that. */
    private void giveToBob(long position) throws SQLException {
      long bobs = inTile + 1;
      String bob = leaf(bobs).replaceFirst(".*\"actor\":\"([0-9a-f]+)\".*", "$1");
      rewrite(position, "\"actor\":\"[0-9a-f]+\"", "\"actor\":\"" + bob + "\"");
      sql(
          "UPDATE event SET actor_id = (SELECT actor_id FROM event WHERE position = %d) WHERE position = %d"
              .formatted(bobs, position));
      rebuild();
    }

    private void rebuild() {
      jdbi().useTransaction(RebuiltViews::make);
    }

    /** Signs whatever there is, as if nothing had been signed before. */
    private void signAnew() throws Exception {
      Files.delete(file);
      sql("DELETE FROM cosignature", "DELETE FROM checkpoint");
      Signer signer = signer();
      assertThat(signer.step()).isFalse();
      assertThat(signer.alarm()).isEmpty();
    }

    private void restore(State state) {
      fixture.close();
      database.close();
      open(state.database().copy());
    }

    private void replaceFile(State state) throws IOException {
      Files.copy(
          state.folder().resolve("log-checkpoint"), file, StandardCopyOption.REPLACE_EXISTING);
    }

    private Path object(Digest digest) throws IOException {
      try (Stream<Path> files = Files.walk(folder.resolve("blobs"))) {
        return files
            .filter(each -> each.getFileName().toString().startsWith(digest.hex()))
            .findFirst()
            .orElseThrow();
      }
    }

    /** An event that nobody recorded, at the end, in the name of whoever did the last. */
    private void forge() throws Exception {
      long next = jdbi().withHandle(LogReader::nextPosition);
      sql(
          """
          INSERT INTO event (position, recorded_at, type, repository, actor_id, command_id, leaf)
          SELECT %1$d, recorded_at, type, repository, actor_id, command_id, leaf
          FROM event WHERE position = %2$d
          """
              .formatted(next, behind));
      String at = leaf(next - 1).replaceFirst(".*\"at\":\"([^\"]+)\".*", "$1");
      rewrite(next, "\"position\":\"[0-9]+\"", "\"position\":\"" + next + "\"");
      rewrite(next, "\"previous\":\"[0-9]+\"", "\"previous\":\"" + (next - 1) + "\"");
      rewrite(next, "\"at\":\"[^\"]+\"", "\"at\":\"" + at + "\"");
      sql("UPDATE event SET recorded_at = '%s' WHERE position = %d".formatted(at, next));
    }

    // ---- what they are found by

    private List<String> find(Finder finder) throws Exception {
      try {
        return switch (finder) {
          case FSCK -> fsck();
          case VIEWS ->
              fixture.registry().upkeep().verifyProjections().results().stream()
                  .filter(result -> !result.equal())
                  .map(Verification.Result::toString)
                  .toList();
          case OWN ->
              check(
                  Stream.concat(log().newest().stream(), new LogSigning(keys, file).last().stream())
                      .toList(),
                  verifiers(keys));
          case KEPT -> check(List.of(kept), VERIFIERS);
          case SIGNER -> signer().check().stream().toList();
          case WITNESS -> askWitness().stream().toList();
          case EVIDENCE -> checkEvidence();
        };
      } catch (RuntimeException e) {
        return List.of(e.toString());
      }
    }

    private List<String> fsck() throws IOException {
      List<String> found = new ArrayList<>();
      Fsck.Summary summary =
          new Fsck(jdbi(), new BlobStores(store))
              .run(
                  true,
                  finding -> {
                    if (finding.damage()) {
                      found.add(finding.what());
                    }
                  },
                  (_, _, _) -> {});
      assertThat(summary.sound()).isEqualTo(found.isEmpty());
      return found;
    }

    private List<String> check(List<SignedNote> notes, List<NoteKey> by) {
      return new CheckpointCheck(jdbi()).run(notes, by, (_, _, _) -> {}).problems();
    }

    /**
     * Has the witness asked, as after a start; the result is what it says if it does not cosign.
     */
    private Optional<String> askWitness() throws InterruptedException {
      Asked asked = new Asked(witness);
      try (Witnesses witnesses = new Witnesses(jdbi(), signing(asked), Instant::now)) {
        assertThat(witnesses.step()).isFalse();
        return asked
            .last
            .filter(answer -> !(answer instanceof Witness.Answer.Cosigned))
            .map(answer -> witnesses.rollback().orElse(answer.toString()));
      }
    }

    /** What was given last, made from what there is now, and checked elsewhere. */
    private List<String> checkEvidence() throws IOException {
      Optional<SignedNote> note = log().newest();
      long issued =
          jdbi()
              .withHandle(
                  handle ->
                      handle
                          .createQuery(
                              "SELECT max(position) FROM event WHERE type = 'EvidenceIssued'")
                          .mapTo(Long.class)
                          .one());
      if (note.isEmpty() || Checkpoint.parse(note.get().text()).size() <= issued) {
        return List.of("the log is not signed with event " + issued);
      }
      Path zip = folder.resolve("evidence.zip");
      try (OutputStream out = Files.newOutputStream(zip)) {
        fixture
            .registry()
            .evidence()
            .bundle(new Evidence.Given(QUESTION, issued, note.get()), true)
            .write(out);
      }
      List<NoteKey> by = new ArrayList<>(VERIFIERS);
      by.add(witness.verifier());
      return EvidenceCheck.of(zip, Trust.in(by)).stream()
          .filter(finding -> !finding.holds())
          .map(EvidenceCheck.Finding::what)
          .toList();
    }

    @Override
    public void close() throws IOException {
      fixture.close();
      store.close();
    }
  }

  // ---- the attacks

  private List<Attack> attacks() {
    return List.of(
        attack("nothing", _ -> {}),
        attack(
            "a byte of an event, so that it cannot be read",
            machine ->
                machine.sql(
                    "UPDATE event SET leaf = overlay(leaf placing '\\x00' from 20) WHERE position ="
                        + " "
                        + inTile),
            found(Finder.FSCK, "position {inTile}:"),
            found(Finder.VIEWS, "position {inTile}:"),
            found(Finder.OWN, "the first {events} events are not those that were signed"),
            found(Finder.KEPT, "the first {kept} events are not those that were signed"),
            found(Finder.EVIDENCE, "position {inTile}:")),
        attack(
            "what an event says",
            machine -> machine.rewrite(inTile, "\"request\":\"", "\"request\":\"x"),
            found(
                Finder.FSCK,
                "tile 0 of level 0 of the log's tree has another hash for the event at position"
                    + " {inTile}"),
            found(Finder.VIEWS, "table=tile"),
            found(Finder.OWN, "the first {events} events are not those that were signed"),
            found(Finder.KEPT, "the first {kept} events are not those that were signed"),
            found(Finder.EVIDENCE, "they make another root than the one that is signed")),
        attack(
            "the same of one of the last 255",
            machine -> machine.rewrite(behind, "\"request\":\"", "\"request\":\"x"),
            found(Finder.OWN, "the first {events} events are not those that were signed"),
            found(Finder.EVIDENCE, "they make another root than the one that is signed"),
            found(
                Finder.SIGNER,
                "the log does not begin with what was signed before ({events} events, in the"
                    + " database)")),
        attack(
            "the time of an event, in its column as well",
            machine -> {
              machine.rewrite(behind, "\"at\":\"20..", "\"at\":\"2001");
              machine.sql(
                  "UPDATE event SET recorded_at = (convert_from(leaf, 'UTF8')::json ->>"
                      + " 'at')::timestamptz WHERE position = "
                      + behind);
            },
            found(Finder.FSCK, "position {behind}: its time"),
            found(Finder.VIEWS, "table=tag"),
            found(Finder.OWN, "events are not those that were signed"),
            found(Finder.EVIDENCE, "they make another root than the one that is signed"),
            found(
                Finder.SIGNER,
                "the log does not begin with what was signed before ({events} events, in the"
                    + " database)")),
        attack(
            "what the clock read at an event",
            machine -> machine.rewrite(inTile, "\"clock\":\"20..", "\"clock\":\"2001"),
            found(
                Finder.FSCK,
                "tile 0 of level 0 of the log's tree has another hash for the event at position"
                    + " {inTile}"),
            found(Finder.VIEWS, "table=tile"),
            found(Finder.OWN, "events are not those that were signed"),
            found(Finder.KEPT, "events are not those that were signed"),
            found(Finder.EVIDENCE, "they make another root than the one that is signed")),
        attack(
            "the event before, as an event says",
            machine -> machine.rewrite(behind, "\"previous\":\"[0-9]+\"", "\"previous\":\"1\""),
            found(
                Finder.FSCK,
                "position {behind}: its leaf says that the event before it of repository team/app"
                    + " is 1"),
            found(Finder.OWN, "events are not those that were signed"),
            found(Finder.EVIDENCE, "before the one at {behind} comes that at 1"),
            found(
                Finder.SIGNER,
                "the log does not begin with what was signed before ({events} events, in the"
                    + " database)")),
        attack(
            "column `type`",
            machine ->
                machine.sql("UPDATE event SET type = 'TagDeleted' WHERE position = " + inTile),
            found(
                Finder.FSCK,
                "position {inTile}: its leaf says TagMoved, its column type says TagDeleted"),
            found(Finder.VIEWS, "table=event")),
        attack(
            "column `repository`",
            machine ->
                machine.sql("UPDATE event SET repository = 'team/bob' WHERE position = " + inTile),
            found(Finder.FSCK, "position {inTile}: its leaf says team/app, its column repository"),
            found(Finder.VIEWS, "table=event"),
            found(
                Finder.EVIDENCE,
                "an event is left out: before the one at 10 comes that at {inTile}")),
        attack(
            "column `actor_id`",
            machine ->
                machine.sql(
                    "UPDATE event SET actor_id = gen_random_uuid() WHERE position = " + inTile),
            found(Finder.FSCK, "position {inTile}:"),
            found(Finder.VIEWS, "table=event")),
        attack(
            "column `recorded_at`",
            machine ->
                machine.sql(
                    "UPDATE event SET recorded_at = recorded_at - interval '1 day' WHERE position ="
                        + " "
                        + inTile),
            found(Finder.FSCK, "position {inTile}:"),
            found(Finder.VIEWS, "table=event")),
        attack(
            "column `command_id`",
            machine ->
                machine.sql(
                    "UPDATE event SET command_id = gen_random_uuid() WHERE position = " + inTile),
            found(Finder.FSCK, "position {inTile}:"),
            found(Finder.VIEWS, "table=event")),
        attack(
            "the document of a manifest",
            machine ->
                machine.sql(
                    "UPDATE manifest_document SET bytes = bytes || '\\x20' WHERE digest = digest_bytes('%s')"
                        .formatted(manifest)),
            found(Finder.FSCK, "{manifest} in manifest_document"),
            found(Finder.VIEWS, "{manifest}"),
            found(Finder.EVIDENCE, "{manifest}")),
        attack(
            "the document of a manifest is removed",
            machine ->
                machine.sql(
                    "DELETE FROM manifest_document WHERE digest = digest_bytes('%s')"
                        .formatted(manifest)),
            found(Finder.FSCK, "the document {manifest} that it names is gone"),
            found(Finder.VIEWS, "{manifest}")),
        attack(
            "the document of a policy",
            machine -> machine.sql("UPDATE record_document SET bytes = bytes || '\\x20'"),
            found(Finder.FSCK, "{policy} in record_document"),
            found(Finder.VIEWS, "{policy}")),
        attack(
            "the document of a policy is removed",
            machine -> machine.sql("DELETE FROM record_document"),
            found(Finder.FSCK, "the document {policy} that it names is gone"),
            found(Finder.VIEWS, "{policy}")),
        attack(
            "somebody's name",
            machine ->
                machine.sql(
                    "UPDATE actor SET name = 'mallory', opening = replace(opening, 'alice',"
                        + " 'mallory') WHERE name = 'alice'"),
            found(Finder.FSCK, "position 0: of somebody whom it names")),
        attack(
            "two names are exchanged",
            machine ->
                machine.sql(
                    """
                    UPDATE actor one SET name = other.name, opening = other.opening
                    FROM actor other
                    WHERE (one.name, other.name) IN (('alice', 'bob'), ('bob', 'alice'))
                    """),
            found(Finder.FSCK, "position {bobs}: of somebody whom it names")),
        attack(
            "a name is removed, without an event that says so",
            machine -> machine.sql("DELETE FROM actor WHERE name = 'alice'"),
            found(Finder.FSCK, "the log does not say that it was forgotten")),
        attack(
            "from where somebody acted",
            machine ->
                machine.sql(
                    "UPDATE origin SET opening = '%s'"
                        .formatted(
                            Opening.of(
                                    new Origin(
                                        Optional.of("192.0.2.8"),
                                        Optional.empty(),
                                        Optional.empty()))
                                .text())),
            found(Finder.FSCK, "position {bobs}: of from where")),
        attack(
            "the end of the log is removed",
            machine -> machine.sql("DELETE FROM event WHERE position >= " + behind),
            found(Finder.FSCK, "no event at position {behind}"),
            found(Finder.VIEWS, "table=event"),
            found(Finder.OWN, "had {events} when that was signed"),
            found(Finder.EVIDENCE, "the tree of {events} leaves needs more"),
            found(
                Finder.SIGNER,
                "fewer events than what was signed before ({events} events, in the database)")),
        attack(
            "the same, and how far views are, and what was signed in the database",
            machine ->
                machine.sql(
                    "DELETE FROM event WHERE position >= " + behind,
                    "UPDATE log_checkpoint SET next_position = least(next_position, %d)"
                        .formatted(behind),
                    "DELETE FROM cosignature",
                    "DELETE FROM checkpoint"),
            found(
                Finder.FSCK,
                "events up to position {last} were acknowledged on it that this database"),
            found(Finder.VIEWS, "table=chain"),
            found(Finder.OWN, "had {events} when that was signed"),
            found(Finder.EVIDENCE, "not signed"),
            found(Finder.SIGNER, "log-checkpoint")),
        attack(
            "an event in the middle is removed",
            machine -> machine.sql("DELETE FROM event WHERE position = " + inTile),
            found(Finder.FSCK, "no event at position {inTile}"),
            found(Finder.VIEWS, "no event {inTile}"),
            found(Finder.OWN, "no event at position {inTile}"),
            found(Finder.KEPT, "no event at position {inTile}"),
            found(Finder.EVIDENCE, "comes that at {inTile}, which is not here")),
        attack(
            "two events change places",
            machine ->
                machine.sql(
                    "UPDATE event SET position = 100000 WHERE position = " + inTile,
                    "UPDATE event SET position = %d WHERE position = %d"
                        .formatted(inTile, inTile - 1),
                    "UPDATE event SET position = %d WHERE position = 100000".formatted(inTile - 1)),
            found(Finder.FSCK, "position {inTile}:"),
            found(Finder.VIEWS, "table=event"),
            found(Finder.OWN, "events are not those that were signed"),
            found(Finder.KEPT, "events are not those that were signed"),
            found(Finder.EVIDENCE, "leaves must be in their order")),
        attack(
            "who did something, with columns, tiles and views that fit",
            machine -> machine.giveToBob(inTile),
            found(Finder.OWN, "events are not those that were signed"),
            found(Finder.KEPT, "events are not those that were signed"),
            found(Finder.EVIDENCE, "they make another root than the one that is signed"),
            found(
                Finder.SIGNER,
                "the log does not begin with what was signed before ({events} events, in the"
                    + " database)")),
        attack(
            "the same, and what was signed in the database is removed",
            machine -> {
              machine.giveToBob(inTile);
              machine.sql("DELETE FROM cosignature", "DELETE FROM checkpoint");
            },
            found(Finder.OWN, "events are not those that were signed"),
            found(Finder.KEPT, "events are not those that were signed"),
            found(Finder.EVIDENCE, "not signed"),
            found(Finder.SIGNER, "log-checkpoint")),
        attack(
            "the same, and all is signed anew with the keys",
            machine -> {
              machine.giveToBob(inTile);
              machine.signAnew();
            },
            found(Finder.KEPT, "events are not those that were signed"),
            found(Finder.EVIDENCE, "the witness witness.example.com has not signed the checkpoint"),
            found(
                Finder.WITNESS, "does not continue what the witness w cosigned, {events} events")),
        attack(
            "the same of one of the last 255, which the older checkpoint does not have",
            machine -> {
              machine.giveToBob(behind);
              machine.signAnew();
            },
            found(Finder.EVIDENCE, "the witness witness.example.com has not signed the checkpoint"),
            found(
                Finder.WITNESS, "does not continue what the witness w cosigned, {events} events")),
        attack(
            "a log without its end, with views that fit, is signed anew with the keys",
            machine -> {
              machine.sql("DELETE FROM event WHERE position >= " + behind);
              machine.rebuild();
              machine.signAnew();
            },
            found(
                Finder.FSCK,
                "events up to position {last} were acknowledged on it that this database"),
            found(Finder.EVIDENCE, "the witness witness.example.com has not signed the checkpoint"),
            found(
                Finder.WITNESS,
                "the witness w has cosigned {events} events of the log, which has fewer")),
        attack(
            "an older copy of the database is put back",
            machine -> machine.restore(early),
            found(
                Finder.FSCK,
                "events up to position {last} were acknowledged on it that this database"),
            found(Finder.OWN, "had {events} when that was signed"),
            found(Finder.SIGNER, "log-checkpoint"),
            found(
                Finder.WITNESS,
                "the witness w has cosigned {events} events of the log, which has fewer")),
        attack(
            "the same, and file `log-checkpoint`",
            machine -> {
              machine.replaceFile(early);
              machine.restore(early);
            },
            found(
                Finder.FSCK,
                "events up to position {last} were acknowledged on it that this database"),
            found(
                Finder.WITNESS,
                "the witness w has cosigned {events} events of the log, which has fewer")),
        attack(
            "a tile of level 0",
            machine ->
                machine.sql(
                    "UPDATE tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE"
                        + " level = 0 AND number = 0"),
            found(Finder.FSCK, "tile 0 of level 0"),
            found(Finder.VIEWS, "table=tile")),
        attack(
            "a tile of level 1",
            machine ->
                machine.sql(
                    "UPDATE tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) WHERE"
                        + " level = 1 AND number = 0"),
            found(Finder.FSCK, "tile 0 of level 1"),
            found(Finder.VIEWS, "table=tile"),
            found(
                Finder.SIGNER,
                "the log does not begin with what was signed before ({events} events, in the"
                    + " database)")),
        attack(
            "the keys in `evidence.keys`",
            machine -> machine.keys = keys(),
            found(Finder.OWN, "has no signature of the log log.example.com by a key that counts"),
            found(Finder.SIGNER, "has no signature by the key log.example.com+")),
        attack(
            "the same, and all is signed anew with them",
            machine -> {
              machine.keys = keys();
              machine.signAnew();
            },
            found(Finder.EVIDENCE, "no key that was given is one by which the log"),
            found(Finder.WITNESS, "403")),
        attack(
            "an event is added that views do not have",
            RecordAttacksTest.Machine::forge,
            found(Finder.VIEWS, "table=chain")),
        attack(
            "the same, with views that fit",
            machine -> {
              machine.forge();
              machine.rebuild();
            }),
        attack(
            "where a tag points, in the view",
            machine ->
                machine.sql(
                    "UPDATE tag SET digest = digest_bytes('%s') WHERE name = 'latest'"
                        .formatted(manifest)),
            found(Finder.VIEWS, "table=tag")),
        attack(
            "a hold is released, in the view",
            machine ->
                machine.sql(
                    "UPDATE hold SET released_position = placed_position, released_at = placed_at,"
                        + " released_by = placed_by, release_approvals = '{}'"),
            found(Finder.VIEWS, "table=hold")),
        attack(
            "a robot's key, in the view",
            machine -> machine.sql("UPDATE robot_key SET hash = set_byte(hash, 5, 1)"),
            found(Finder.VIEWS, "table=robot_key")),
        attack(
            "the last event of a repository, in the view",
            machine -> machine.sql("UPDATE chain SET position = 1 WHERE repository = 'team/app'"),
            found(Finder.VIEWS, "table=chain")),
        attack(
            "the bytes of a blob",
            machine -> Files.writeString(machine.object(layer), "LAYER"),
            found(Finder.FSCK, "{layer}")),
        attack(
            "a blob is removed",
            machine -> Files.delete(machine.object(layer)),
            found(Finder.FSCK, "{layer}")),
        attack(
            "what was signed, in the database, for what nobody signed",
            machine ->
                machine.sql(
                    "DELETE FROM cosignature",
                    "UPDATE checkpoint SET note = '%s'"
                        .formatted(
                            new SignedNote(
                                new Checkpoint("log.example.com", 1, Hash.EMPTY).body(),
                                List.of()))),
            found(Finder.OWN, "the checkpoint of 1 events has no signature"),
            found(Finder.EVIDENCE, "not signed"),
            found(
                Finder.SIGNER,
                "what was signed before (1 events, in the database) has no signature"),
            found(Finder.WITNESS, "403")),
        attack(
            "what was signed, in file `log-checkpoint`, for what nobody signed",
            machine ->
                Files.writeString(
                    machine.file,
                    new SignedNote(
                            new Checkpoint("log.example.com", 0, Hash.EMPTY).body(), List.of())
                        .toString()),
            found(Finder.OWN, "the checkpoint of 0 events has no signature"),
            found(Finder.SIGNER, "log-checkpoint")),
        attack(
            "a cosignature",
            machine ->
                machine.sql(
                    "UPDATE cosignature SET line = (SELECT line FROM cosignature ORDER BY"
                        + " checkpoint LIMIT 1)"),
            found(Finder.EVIDENCE, "the signature of the witness witness.example.com")),
        attack(
            "the end of the log, and that a node found that (`log_break`)",
            machine -> {
              machine.sql("DELETE FROM event WHERE position >= " + behind);
              assertThat(machine.signer().check()).isPresent();
              machine.sql("DELETE FROM log_break");
            },
            found(Finder.FSCK, "no event at position {behind}"),
            found(Finder.VIEWS, "table=event"),
            found(Finder.OWN, "had {events} when that was signed"),
            found(Finder.EVIDENCE, "the tree of {events} leaves needs more"),
            found(
                Finder.SIGNER,
                "fewer events than what was signed before ({events} events, in the database)")));
  }

  @ParameterizedTest
  @MethodSource("attacks")
  void whoFindsIt(Attack attack) throws Exception {
    witness.know(late.checkpoint());
    Path folder = copy(late.folder(), RecordAttacksTest.folder.resolve("copy" + copies++));
    try (Machine machine = new Machine(late.database().copy(), folder)) {
      attack.change().to(machine);
      for (Finder finder : Finder.values()) {
        List<String> said = machine.find(finder);
        String expected = attack.found().get(finder);
        if (expected == null) {
          assertThat(said).as(finder.title).isEmpty();
        } else {
          assertThat(said).as(finder.title).anyMatch(each -> each.contains(named(expected)));
        }
      }
      machine.database.close(); // whoever is connected
    }
  }

  /** With what this registry has for what is in braces. */
  private String named(String expected) {
    return expected
        .replace("{inTile}", Long.toString(inTile))
        .replace("{bobs}", Long.toString(inTile + 1))
        .replace("{behind}", Long.toString(behind))
        .replace("{events}", Long.toString(late.checkpoint().size()))
        .replace("{last}", Long.toString(late.checkpoint().size() - 1))
        .replace("{kept}", Long.toString(Checkpoint.parse(kept.text()).size()))
        .replace("{layer}", layer.toString())
        .replace("{manifest}", manifest.toString())
        .replace("{policy}", TestPolicies.DELETING_UNTAGGED.digest().toString());
  }

  @Test
  void theDocumentationSaysTheSame() throws IOException {
    StringBuilder table = new StringBuilder("| what is changed |");
    for (Finder finder : Finder.values()) {
      table.append(' ').append(finder.title).append(" |");
    }
    table.append("\n|---|").append("---|".repeat(Finder.values().length));
    for (Attack attack : attacks().subList(1, attacks().size())) {
      table.append("\n| ").append(attack.what()).append(" |");
      for (Finder finder : Finder.values()) {
        table.append(attack.found().containsKey(finder) ? " finds |" : " |");
      }
    }
    assertThat(Files.readString(Path.of("../docs/security.md"))).contains(table + "\n\n");
  }
}
