package dev.stele.cli;

import static dev.stele.registry.TestClient.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.database.TestDatabase;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Caller;
import dev.stele.registry.Registry;
import dev.stele.server.Inspection;
import dev.stele.server.config.ConfigurationReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The commands that ask the record, as a person calls them and reads them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecordCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SigningKey LOG = SigningKey.generate("log.example.com", KeyType.ED25519);
  private static final SigningKey NORTH =
      SigningKey.generate("north.example.com", KeyType.ED25519_COSIGNATURE);
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  /** What a command answered. */
  private record Answer(int status, String text, String errors) {
    List<JsonNode> rows() throws IOException {
      List<JsonNode> rows = new ArrayList<>();
      for (String line : text.lines().toList()) {
        rows.add(JSON.readTree(line));
      }
      return rows;
    }

    List<String> column(String name) throws IOException {
      return rows().stream().map(row -> row.path(name).asText()).toList();
    }
  }

  private TestDatabase database;
  private Path configuration;
  private Digest first;
  private Digest second;

  /**
   * Positions: 0 team/app came to be, 1 and 2 alice put the first manifest under prod, 3 and 4 bob
   * the second, 5 bob deleted the tag, 6 alice pulled; then many other repositories.
   */
  @BeforeAll
  void fill(@TempDir Path folder) throws Exception {
    database = TestDatabase.create();
    configuration =
        Files.writeString(
            folder.resolve("stele.yaml"),
            """
            data: %s
            database: {url: "%s", user: "%s", password: "%s"}
            pulls: {record: every}
            evidence:
              keys: %s
              witnesses: "witness north %s https://north.example.com\\nquorum north"
            """
                .formatted(
                    folder.resolve("data"),
                    database.url(),
                    database.user(),
                    database.password(),
                    folder.resolve("keys.pem"),
                    NORTH.verifier()));
    database.open().close();
    try (Inspection inspection =
        Inspection.open(ConfigurationReader.read(Optional.of(configuration), Map.of()))) {
      Registry registry = inspection.registry();
      first = put(registry, "alice", "first");
      second = put(registry, "bob", "second");
      Caller bob = new Caller("bob", "r");
      ok(registry.deleteTag(bob, APP, Tag.parse("prod")));
      registry.pulls().recordManifest(new Caller("alice", "r"), APP, first, Optional.empty());
      IntStream.range(0, 1_500)
          .forEach(n -> registry.initialise(bob, RepositoryName.parse("many/r%04d".formatted(n))));
    }
  }

  @AfterAll
  void close() {
    database.close();
  }

  private static Digest put(Registry registry, String actor, String what) {
    byte[] index = TestManifest.emptyIndex(what).bytes();
    return ok(registry.putManifest(
            new Caller(actor, "r"), APP, Tag.parse("prod"), MediaTypes.OCI_INDEX, index, List.of()))
        .digest();
  }

  private Answer stele(String... arguments) {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addAll(List.of("--config", configuration.toString()));
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    try (PrintStream newOut = new PrintStream(printed, true, UTF_8);
        PrintStream newErr = new PrintStream(errors, true, UTF_8)) {
      System.setOut(newOut);
      System.setErr(newErr);
      int status = Stele.run(command.toArray(String[]::new));
      newOut.flush();
      newErr.flush();
      return new Answer(status, printed.toString(UTF_8), errors.toString(UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @Test
  void eventsByAnyMix() throws IOException {
    assertThat(stele("events", "--repository", "team/**", "--json").column("position"))
        .containsExactly("0", "1", "2", "3", "4", "5", "6");
    assertThat(
            stele("events", "--actor", "bob", "--tag", "prod", "--newest-first", "--json")
                .column("type"))
        .containsExactly("TagDeleted", "TagMoved", "ManifestPut");
    assertThat(
            stele("events", "--type", "TagMoved", "--type", "TagDeleted", "--to", "p4", "--json")
                .column("position"))
        .containsExactly("2", "4");
    assertThat(stele("events", "--from", "p4", "--limit", "2", "--json").column("position"))
        .containsExactly("5", "6");
    assertThat(stele("events", "--actor", "nobody").text()).startsWith("0 events\n");
  }

  @Test
  void aLongListIsPrintedToItsEnd() throws IOException {
    Answer all = stele("events", "--type", "RepositoryCreated", "--csv");
    assertThat(all.text().lines()).hasSize(1 + 1 + 1_500);
    assertThat(stele("events", "--type", "RepositoryCreated").text()).endsWith("1,501 events\n");
    assertThat(stele("events", "--limit", "1200", "--json").rows()).hasSize(1_200);
    assertThat(stele("events", "--limit", "0").status()).isEqualTo(2);
    assertThat(stele("events", "--limit", "-1").errors()).contains("--limit must be at least 1");
  }

  /** A slip of the pen is not told as if nothing had happened. */
  @Test
  void whatTheRecordHasNeverHeardOfIsTold() throws IOException {
    assertThat(stele("events", "--actor", "alcie").text())
        .contains("The record has never heard of actor alcie.");
    Answer csv = stele("tag-moves", "--repository", "team/apii", "--actor", "bobb", "--csv");
    assertThat(csv.errors())
        .contains("The record has never heard of repository team/apii and actor bobb.");
    assertThat(csv.text().lines()).hasSize(1);
    assertThat(stele("tag-moves", "--actor", "alice", "--repository", "many/r0001").text())
        .doesNotContain("never heard");
    String digest = "sha256:" + "0123456789abcdef".repeat(4);
    assertThat(stele("pulls", "--digest", digest).text())
        .contains("The record has never heard of digest " + digest + ".");
    assertThat(stele("retention", "log", "--repository", "team/apii").text())
        .contains("The record has never heard of repository team/apii.");
    assertThat(stele("events", "--limit", "2", "--json").errors()).contains("there are more");
  }

  @Test
  void oneEvent() throws IOException {
    JsonNode event = stele("event", "2", "--json").rows().getFirst();
    assertThat(event.get("type").asText()).isEqualTo("TagMoved");
    assertThat(event.get("data").get("digest").asText()).isEqualTo(first.toString());
    Answer none = stele("event", "9999");
    assertThat(none.status()).isEqualTo(1);
    assertThat(none.errors()).contains("no event at position 9999", "newest is at ");
    assertThat(stele("event", "-1").status()).isEqualTo(2);
  }

  @Test
  void whatHappenedToTags() throws IOException {
    Answer moves = stele("tag-moves", "--repository", "team/app", "--json");
    assertThat(moves.column("change")).containsExactly("created", "moved", "deleted");
    assertThat(moves.column("from")).containsExactly("", first.toString(), second.toString());
    assertThat(moves.column("to")).containsExactly(first.toString(), second.toString(), "");
    assertThat(moves.column("actor")).containsExactly("alice", "bob", "bob");
    assertThat(stele("tag-moves", "--from", "p2", "--to", "p4").text())
        .contains("moved")
        .endsWith("1 change of tags\n");
  }

  @Test
  void whatWasPulled() throws IOException {
    JsonNode pull = stele("pulls", "--digest", first.toString(), "--json").rows().getFirst();
    assertThat(pull.get("actor").asText()).isEqualTo("alice");
    assertThat(pull.get("count").asInt()).isEqualTo(1);
    assertThat(stele("pulls", "--actor", "bob", "--json").rows()).isEmpty();
  }

  @Test
  void whatWasPullable() throws IOException {
    Answer between = stele("pullable", "team/app", "p3", "p5", "--json");
    assertThat(between.column("digest")).containsExactly(first.toString(), second.toString());
    assertThat(between.column("endedBy")).containsExactly("moved", "deleted");
    assertThat(stele("pullable", "team/app", "p6", "--json").rows()).isEmpty();
    Answer never = stele("pullable", "no/such", "p3");
    assertThat(never.status()).isEqualTo(1);
    assertThat(never.errors()).contains("no repository no/such");
    assertThat(stele("pullable", "team/app", "p5", "p3").status()).isEqualTo(2);
  }

  @Test
  void theLifeOfADigest() throws IOException {
    Answer life = stele("digest", first.toString());
    assertThat(life.text())
        .contains("ManifestPut", "TagMoved", "PullsObserved")
        .contains("4 events")
        .endsWith("now a manifest of team/app\n");
    assertThat(stele("digest", first.toString(), "--json").column("position"))
        .containsExactly("1", "2", "4", "6");
    assertThat(stele("digest", second.toString(), "--tags", "--json").rows())
        .extracting(row -> row.at("/until/position").asText())
        .containsExactly("5");
    Answer unknown = stele("digest", "sha256:" + "0".repeat(64));
    assertThat(unknown.status()).isEqualTo(1);
    assertThat(unknown.errors()).contains("no event speaks of sha256:000");
  }

  @Test
  void whatIsWrongIsSaid() {
    assertThat(stele("events", "--type", "TagMove").errors()).contains("TagMoved", "'TagMove'");
    assertThat(stele("events", "--repository", "a[").errors()).contains("not a glob");
    assertThat(stele("events", "--cause", "LUNCH").errors()).contains("RETENTION");
    assertThat(stele("events", "--from", "yesterday").errors())
        .contains("is not written as a moment");
    assertThat(stele("digest", "x").status()).isEqualTo(2);
    Answer shortened = stele("hold", "release", "4c2b4170", "--reason", "case closed");
    assertThat(shortened.status()).isEqualTo(2);
    assertThat(shortened.errors())
        .contains("use the whole id, as `stele hold list` prints it")
        .doesNotContain("java.");
    Answer word = stele("event", "first");
    assertThat(word.status()).isEqualTo(2);
    assertThat(word.errors()).doesNotContain("java.");
  }

  @Test
  void anIntervalThatEndsBeforeItBeginsIsRefused() {
    for (List<String> command :
        List.of(
            List.of("events"),
            List.of("digest", first.toString()),
            List.of("tag-moves"),
            List.of("pulls"))) {
      for (List<String> swapped :
          List.of(
              List.of("p5", "p2"),
              List.of("p5", "2020-01-01"),
              // Neither has passed, but what is wrong is their order.
              List.of("9998-01-01", "9997-01-01"),
              List.of("p9999", "p9998"))) {
        List<String> arguments = new ArrayList<>(command);
        arguments.addAll(List.of("--from", swapped.getFirst(), "--to", swapped.getLast()));
        Answer refused = stele(arguments.toArray(String[]::new));
        assertThat(refused.status()).as("%s", arguments).isEqualTo(2);
        assertThat(refused.errors()).contains("from (", ") must not be after to (");
      }
    }
    assertThat(stele("events", "--from", "p2", "--to", "p2").text()).endsWith("0 events\n");
    Answer tomorrow = stele("events", "--from", "p2", "--to", "9998-01-01");
    assertThat(tomorrow.status()).isEqualTo(1);
    assertThat(tomorrow.errors()).contains("has not passed yet", "leave `to` out for up to now");
  }

  @Test
  void typesAndCausesAreFoundInAnyCase() throws IOException {
    assertThat(
            stele("events", "--type", "tagmoved", "--cause", "client_request", "--json")
                .column("position"))
        .containsExactly("2", "4");
  }

  /** Of a folder that no server serves; a server that runs is asked. */
  @Test
  void theLogAsItIsSigned(@TempDir Path folder) throws Exception {
    assertThat(stele("log", "keys").errors()).contains("evidence.keys: there are no keys in ");
    assertThat(stele("log", "checkpoint").errors()).contains("nothing was signed yet");
    assertThat(stele("log", "checkpoint", "--witnessed").errors())
        .contains("not as many witnesses");
    Path token = folder.resolve("token");
    assertThat(stele("log", "checkpoint", "--time-stamp", token.toString()).errors())
        .contains("no time-stamp authority has seen the log yet");
    assertThat(token).doesNotExist();

    Path keys = configuration.resolveSibling("keys.pem");
    Files.writeString(keys, "Log: log.example.com\n" + LOG.pem());
    Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-------"));
    assertThat(stele("log", "keys").text()).isEqualTo(LOG.verifier() + "\n");
    assertThat(stele("log", "policy").text())
        .isEqualTo(
            "log %s\nwitness north %s https://north.example.com\nquorum north\n"
                .formatted(LOG.verifier(), NORTH.verifier()));

    List<SignedNote> notes =
        IntStream.of(3, 2, 1)
            .mapToObj(size -> new Checkpoint("log.example.com", size, Hash.EMPTY))
            .map(
                checkpoint ->
                    new SignedNote(checkpoint.body(), List.of(LOG.sign(checkpoint, Instant.EPOCH))))
            .toList();
    try (Connection owner = database.connect();
        Statement statement = owner.createStatement()) {
      statement.execute(
          """
          INSERT INTO checkpoint (number, signed_at, witnessed_at, token, stamped_at, note)
          VALUES (2, now(), NULL, NULL, NULL, '%s'), (1, now(), now(), NULL, NULL, '%s'),
                 (0, now(), now(), 'DER', now(), '%s');
          INSERT INTO cosignature VALUES (1, 'north', '— north.example.com AAAAAAAA', now());
          """
              .formatted(notes.toArray()));
    }
    assertThat(stele("log", "checkpoint").text()).isEqualTo(notes.get(0).toString());
    assertThat(stele("log", "checkpoint", "--witnessed").text())
        .isEqualTo(notes.get(1) + "— north.example.com AAAAAAAA\n");
    assertThat(stele("log", "checkpoint", "--time-stamp", token.toString()).text())
        .isEqualTo(notes.get(2).toString());
    assertThat(token).hasContent("DER");
    assertThat(stele("log", "checkpoint", "--witnessed", "--time-stamp", "x").errors())
        .contains("--witnessed and --time-stamp name two checkpoints");
  }
}
