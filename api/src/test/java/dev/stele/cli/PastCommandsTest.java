package dev.stele.cli;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static dev.stele.registry.TestClient.push;
import static dev.stele.registry.TestClient.put;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.database.TestDatabase;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Registry;
import dev.stele.server.Inspection;
import dev.stele.server.config.ConfigurationReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

/** The commands that ask for the past, as a person calls them and reads them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PastCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  /** What a command answered. */
  private record Answer(int status, byte[] bytes, String errors) {
    String text() {
      return new String(bytes, UTF_8);
    }

    List<JsonNode> json() throws IOException {
      List<JsonNode> rows = new ArrayList<>();
      for (String line : text().lines().toList()) {
        rows.add(JSON.readTree(line));
      }
      return rows;
    }
  }

  private TestDatabase database;
  private Path configuration;
  private Digest first;
  private Digest second;
  private Digest signature;
  private byte[] firstBytes;

  /**
   * Positions of team/app: 0 it came to be, 1 and 2 the first manifest under the tag, 3 and 4 the
   * second, 5 a signature, 6 the first manifest was deleted. Then team/gone came, at 7, and went.
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
            gc: {grace: 0ms}
            """
                .formatted(
                    folder.resolve("data"), database.url(), database.user(), database.password()));
    database.open().close();
    try (Inspection inspection =
        Inspection.open(ConfigurationReader.read(Optional.of(configuration), Map.of()))) {
      Registry registry = inspection.registry();
      Tag prod = Tag.parse("prod");
      firstBytes = TestManifest.emptyIndex("first").bytes();
      first = push(registry, APP, prod, TestManifest.emptyIndex("first"));
      second = push(registry, APP, prod, TestManifest.emptyIndex("second"));
      signature =
          put(
              registry,
              APP,
              TestManifest.emptyIndex("sig")
                  .subject(MediaTypes.OCI_INDEX, second)
                  .artifactType("application/x.sig"));
      ok(registry.deleteManifest(ALICE, APP, first));
      RepositoryName gone = RepositoryName.parse("team/gone");
      Digest lost = push(registry, gone, Tag.parse("v1"), TestManifest.emptyIndex("lost"));
      ok(registry.deleteManifest(ALICE, gone, lost));
      IntStream.range(0, 1_201)
          .forEach(
              n -> registry.initialise(ALICE, RepositoryName.parse("many/r%04d".formatted(n))));
      while (registry.collecting().follow() > 0) {
        // Until what is empty is known.
      }
      Thread.sleep(Duration.ofMillis(20));
      registry.collecting().run();
    }
  }

  @AfterAll
  void close() {
    database.close();
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
      return new Answer(status, printed.toByteArray(), errors.toString(UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private List<JsonNode> rows(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.add("--json");
    Answer answer = stele(command.toArray(String[]::new));
    assertThat(answer.status()).as(answer.errors()).isZero();
    return answer.json();
  }

  private static List<String> column(List<JsonNode> rows, String name) {
    return rows.stream().map(row -> row.path(name).asText()).toList();
  }

  private void refuses(int status, List<String> arguments, String... messages) {
    Answer answer = stele(arguments.toArray(String[]::new));
    assertThat(answer.status()).as(answer.errors()).isEqualTo(status);
    assertThat(answer.errors()).startsWith("stele: ").contains(messages);
    assertThat(answer.text()).isEmpty();
  }

  @Test
  void tagsAreThoseOfTheMoment() throws Exception {
    assertThat(column(rows("tags", "team/app", "--at", "p2"), "digest"))
        .containsExactly(first.toString());
    List<JsonNode> now = rows("tags", "team/app");
    assertThat(column(now, "digest")).containsExactly(second.toString());
    assertThat(now).extracting(row -> row.at("/since/position").asInt()).containsExactly(4);
    assertThat(rows("tags", "team/app", "--at", "p0")).isEmpty();
    String since = now.getFirst().at("/since/at").asText();
    assertThat(column(rows("tags", "team/app", "--at", since), "digest"))
        .containsExactly(second.toString());
    Answer table = stele("tags", "team/app", "--at", "p2");
    assertThat(table.text())
        .containsPattern("NAME +DIGEST +SINCE +SINCE POSITION")
        .containsPattern("prod +" + first + " +2\\S+Z +2\n")
        .endsWith("Tags at position 2: 1\n");
    assertThat(stele("tags", "team/app", "--csv", "--at", "p2").text())
        .startsWith("name,digest,since.at,since.position\r\nprod," + first + ",");
  }

  @Test
  void manifestsAndReferrersAreThoseOfTheMoment() throws Exception {
    assertThat(column(rows("manifests", "team/app", "--at", "p5"), "digest"))
        .containsExactlyInAnyOrder(first.toString(), second.toString(), signature.toString());
    assertThat(column(rows("manifests", "team/app"), "digest"))
        .containsExactlyInAnyOrder(second.toString(), signature.toString());
    assertThat(rows("referrers", "team/app", second.toString(), "--at", "p4")).isEmpty();
    List<JsonNode> referrers = rows("referrers", "team/app", second.toString());
    assertThat(column(referrers, "digest")).containsExactly(signature.toString());
    assertThat(referrers.getFirst().get("annotations").get("note").asText()).isEqualTo("sig");
    assertThat(
            rows(
                "referrers", "team/app", second.toString(), "--artifact-type", "application/other"))
        .isEmpty();
    String shortened = second.toString().substring(0, 19);
    assertThat(column(rows("referrers", "team/app", shortened), "digest"))
        .containsExactly(signature.toString());
    refuses(1, List.of("manifest", "sha256:000000000000"), "no digest on record begins with");
  }

  @Test
  void aDiffSaysWhatCameMovedAndWent() throws Exception {
    List<JsonNode> rows = rows("diff", "team/app", "p2", "p6");
    assertThat(column(rows, "change"))
        .containsExactlyInAnyOrder("moved", "added", "added", "removed");
    JsonNode moved = rows.getFirst();
    assertThat(moved.get("kind").asText()).isEqualTo("tag");
    assertThat(moved.get("name").asText()).isEqualTo("prod");
    assertThat(moved.get("from").asText()).isEqualTo(first.toString());
    assertThat(moved.get("to").asText()).isEqualTo(second.toString());
    assertThat(rows)
        .filteredOn(row -> row.get("change").asText().equals("removed"))
        .extracting(row -> row.get("from").asText())
        .containsExactly(first.toString());
    assertThat(stele("diff", "team/app", "p2", "p6").text())
        .endsWith(
            "Differences between position 2 and position 6: 4. What came and went in between is not"
                + " among them; stele tag-moves --repository team/app has each move of a tag.\n");
    refuses(2, List.of("diff", "team/app", "p4", "p2"), "from (position 4) must not be after to");
    refuses(2, List.of("diff", "team/app"), "Missing required parameter: 'FROM'");
  }

  @Test
  void aTagHasAHistory() throws Exception {
    List<JsonNode> periods = rows("tag-history", "team/app:prod");
    assertThat(column(periods, "digest")).containsExactly(second.toString(), first.toString());
    assertThat(column(periods, "endedBy")).containsExactly("", "moved");
    assertThat(periods)
        .extracting(row -> row.at("/from/actor").asText())
        .containsExactly("alice", "alice");
    refuses(
        1,
        List.of("tag-history", "team/app:stable"),
        "team/app has no manifest stable; it never had that tag; it has prod");
    refuses(1, List.of("tag-history", "no/app:x"), "no repository no/app", "ever existed");
    refuses(2, List.of("tag-history", "team/app"), "such as team/app:v1, not 'team/app'");
    refuses(2, List.of("tag-history", "Team/app:x"), "REPOSITORY:TAG", "Team/app");
  }

  @Test
  void aManifestIsReadableAfterItWasDeleted() throws Exception {
    Answer raw = stele("manifest", first.toString(), "--raw");
    assertThat(raw.bytes()).isEqualTo(firstBytes);
    assertThat(stele("manifest", first.toString()).text())
        .startsWith(first + "\n" + MediaTypes.OCI_INDEX + ", " + firstBytes.length + " bytes\n")
        .contains("\"note\" : \"first\"");
    assertThat(rows("manifest", first.toString()).getFirst().get("document"))
        .isEqualTo(JSON.readTree(firstBytes));
    Digest unknown = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
    refuses(1, List.of("manifest", unknown.toString()), "no manifest " + unknown + " was ever put");
    refuses(2, List.of("manifest", "sha256:12"), "DIGEST", "64 lower-case");
  }

  @Test
  void repositoriesAreListedToTheEnd() throws Exception {
    List<String> all = column(rows("repositories"), "repository");
    assertThat(all)
        .hasSize(1_202)
        .isSorted()
        .contains("team/app", "many/r0000", "many/r1200")
        .doesNotContain("team/gone");
    assertThat(column(rows("repositories", "--at", "p9"), "repository"))
        .containsExactly("team/app", "team/gone");
  }

  @Test
  void whatWasNotThereIsToldWithWhenItWas() {
    refuses(
        1,
        List.of("tags", "team/gone"),
        "there was no repository team/gone at position",
        "it existed from 2",
        "(position 7) until 2");
    refuses(1, List.of("manifests", "team/none"), "none of that name ever existed");
    refuses(
        1,
        List.of("referrers", "team/app", first.toString()),
        "had no manifest " + first,
        "the repository had it from 2",
        "until 2");
    refuses(
        1,
        List.of("referrers", "team/app", first.toString(), "--at", "p0"),
        "at position 0",
        "it from 2");
    refuses(1, List.of("tags", "team/app", "--at", "p999999"), "has not passed yet");
    refuses(2, List.of("tags", "team/app", "--at", "yesterday"), "--at", "yesterday", "p12345");
    refuses(2, List.of("tags", "team/app", "--json", "--csv"), "mutually exclusive");
    refuses(2, List.of("tags"), "Missing required parameter: 'REPOSITORY'");
  }
}
