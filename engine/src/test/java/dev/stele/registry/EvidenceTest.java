package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.ActorId;
import dev.stele.event.Identity;
import dev.stele.event.Opening;
import dev.stele.event.Origin;
import dev.stele.evidence.EvidenceCheck;
import dev.stele.evidence.EvidenceQuestion;
import dev.stele.evidence.EvidenceQuestion.About;
import dev.stele.evidence.Trust;
import dev.stele.evidence.Verifier;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.LogProof;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.Tree;
import dev.stele.merkle.TrustPolicy;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.projection.TileView;
import dev.stele.timestamp.TestAuthority;
import dev.stele.timestamp.TimeStampQuery;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is given as evidence holds without the registry, and whatever is changed of it is found and
 * named, also by whoever can make all hashes anew.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EvidenceTest {
  private static final RepositoryName REPOSITORY = RepositoryName.parse("team/app");
  private static final RepositoryName OTHER = RepositoryName.parse("team/other");
  private static final String LOG = "log.example.com";
  private static final List<SigningKey> KEYS =
      List.of(
          SigningKey.generate(LOG, KeyType.ED25519), SigningKey.generate(LOG, KeyType.ML_DSA_44));
  private static final Caller BOB = new Caller("bob", "r");

  /** Changes what an archive has. */
  @FunctionalInterface
  private interface Change {
    void to(Map<String, byte[]> parts) throws IOException;
  }

  @TempDir private static Path folder;
  private RegistryFixture fixture;
  private Registry registry;
  private RegistryFixture.Signing signing;
  private Digest first;
  private Digest second;
  private long middle;
  private int files;

  @BeforeAll
  void open() throws IOException {
    LogSigning how = new LogSigning(KEYS, folder.resolve("log-checkpoint"));
    fixture =
        RegistryFixture.onDisk(folder.resolve("blobs"), RegistryOptions.DEFAULT.withSigning(how));
    registry = fixture.registry();
    signing = fixture.keepSigning(how);
    first = push(REPOSITORY, "1", "latest");
    push(OTHER, "1", "latest");
    push(OTHER, "2", "latest");
    second = push(REPOSITORY, "2", "latest", "v2");
    middle = registry.log().newestPosition();
    ok(registry.deleteTag(BOB, REPOSITORY, Tag.parse("v2")));
    push(OTHER, "3", "latest");
    push(REPOSITORY, "3", "v3");
  }

  @AfterAll
  void close() throws InterruptedException {
    signing.close();
    fixture.close();
  }

  private Digest push(RepositoryName repository, String content, String... tags)
      throws IOException {
    Digest config = TestClient.upload(registry, repository, content);
    return TestClient.put(
        registry,
        repository,
        TestManifest.image(config),
        Arrays.stream(tags).map(Tag::parse).toArray(Tag[]::new));
  }

  private static EvidenceQuestion question(
      About about, long after, OptionalLong through, boolean pseudonymous) {
    return new EvidenceQuestion(
        about,
        about == About.REPOSITORY || about == About.TAG
            ? Optional.of(REPOSITORY)
            : Optional.empty(),
        about == About.TAG ? Optional.of(Tag.parse("latest")) : Optional.empty(),
        Optional.empty(),
        after < 0 ? Optional.empty() : Optional.of("p" + after),
        through.isEmpty() ? Optional.empty() : Optional.of("p" + through.getAsLong()),
        after,
        through,
        pseudonymous);
  }

  private static EvidenceQuestion all(About about) {
    return question(about, -1, OptionalLong.empty(), false);
  }

  private Path give(EvidenceQuestion question) throws Exception {
    Evidence.Given given = ok(registry.evidence().give(ALICE, question));
    Path file = folder.resolve("evidence" + files++ + ".zip");
    try (OutputStream out = Files.newOutputStream(file)) {
      registry.evidence().bundle(given, true).write(out);
    }
    return file;
  }

  private static List<NoteKey> keys() {
    return KEYS.stream().map(SigningKey::verifier).toList();
  }

  private static List<String> wrong(Path file, List<NoteKey> keys) throws IOException {
    List<EvidenceCheck.Finding> findings = EvidenceCheck.of(file, Trust.in(keys));
    assertThat(findings).hasSizeGreaterThan(1);
    return findings.stream()
        .filter(finding -> !finding.holds())
        .map(EvidenceCheck.Finding::what)
        .toList();
  }

  private static Map<String, byte[]> parts(Path file) throws IOException {
    Map<String, byte[]> parts = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(file.toFile())) {
      Enumeration<? extends ZipEntry> entries = zip.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        parts.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    return parts;
  }

  /** Those in which no name may stand; in signatures any letters may come together by chance. */
  private static List<String> told(Map<String, byte[]> parts) {
    return parts.keySet().stream()
        .filter(
            name ->
                !name.startsWith("time-stamp/")
                    && !List.of("checkpoint", "hashes.txt", "keys.txt").contains(name))
        .toList();
  }

  private static String text(Map<String, byte[]> parts, String name) {
    return new String(parts.get(name), UTF_8);
  }

  private static void replace(Map<String, byte[]> parts, String name, String what, String with) {
    assertThat(text(parts, name)).contains(what);
    parts.put(name, text(parts, name).replace(what, with).getBytes(UTF_8));
  }

  private static List<String> lines(Map<String, byte[]> parts, String name) {
    return new ArrayList<>(text(parts, name).lines().toList());
  }

  private static void lines(Map<String, byte[]> parts, String name, List<String> lines) {
    parts.put(
        name,
        lines.stream().map(line -> line + "\n").collect(Collectors.joining()).getBytes(UTF_8));
  }

  private Path changed(Path file, Change change) throws IOException {
    Map<String, byte[]> parts = parts(file);
    change.to(parts);
    Path changed = folder.resolve("changed" + files++ + ".zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(changed))) {
      for (Map.Entry<String, byte[]> part : parts.entrySet()) {
        zip.putNextEntry(new ZipEntry(part.getKey()));
        zip.write(part.getValue());
        zip.closeEntry();
      }
    }
    return changed;
  }

  private void assertFound(Path file, String why, Change change) throws IOException {
    assertThat(wrong(changed(file, change), keys()))
        .as(why)
        .anySatisfy(finding -> assertThat(finding).contains(why));
  }

  /** Without a line of the leaves, and with the hashes that show the rest to be in the log. */
  private void without(Map<String, byte[]> parts, int line) {
    List<String> leaves = lines(parts, "leaves.jsonl");
    leaves.remove(line);
    lines(parts, "leaves.jsonl", leaves);
    long[] positions =
        leaves.stream()
            .mapToLong(
                leaf ->
                    Long.parseLong(
                        leaf.replaceAll(".*\"position\":\"([0-9]+)\",\"(pre|req).*", "$1")))
            .toArray();
    long size = Checkpoint.parse(SignedNote.parse(text(parts, "checkpoint")).text()).size();
    List<String> hashes = new ArrayList<>();
    fixture
        .database()
        .jdbi()
        .useHandle(
            handle ->
                new Tree(TileView.source(handle), size)
                    .around(positions, hash -> hashes.add(hash.toString())));
    lines(parts, "hashes.txt", hashes);
  }

  @Test
  void evidenceHolds() throws Exception {
    for (boolean pseudonymous : List.of(false, true)) {
      for (About about : List.of(About.REPOSITORY, About.TAG, About.LOG)) {
        for (long after : new long[] {-1, 3, middle}) {
          for (OptionalLong through :
              List.of(OptionalLong.empty(), OptionalLong.of(middle), OptionalLong.of(middle + 2))) {
            EvidenceQuestion asked = question(about, after, through, pseudonymous);
            assertThat(wrong(give(asked), keys())).as(asked.text()).isEmpty();
          }
        }
      }
    }
  }

  @Test
  void evidenceHoldsWhereNumbersAreWrittenOtherwise() throws Exception {
    Path file = give(all(About.LOG));
    Locale before = Locale.getDefault();
    try {
      for (String language : List.of("ar-EG-u-nu-arab", "de-DE", "hi-IN-u-nu-deva")) {
        Locale.setDefault(Locale.forLanguageTag(language));
        assertThat(wrong(file, keys())).as(language).isEmpty();
        assertThat(wrong(give(all(About.REPOSITORY)), keys())).as(language).isEmpty();
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void theAnswerIsWhatWasAskedFor() throws Exception {
    Map<String, byte[]> whole = parts(give(all(About.REPOSITORY)));
    assertThat(text(whole, "answer.csv"))
        .contains(",TagMoved,alice,USER,")
        .contains(",TagDeleted,bob,USER,")
        .doesNotContain("team/other");
    assertThat(text(whole, "answer.json"))
        .contains("\"tags\":{\"latest\":{\"digest\":\"" + second)
        .contains("\"v3\":")
        .doesNotContain("\"v2\":");
    assertThat(text(whole, "report.html"))
        .contains("Evidence about repository team/app", "alice (user)", first.toString());
    assertThat(whole).containsKey("documents/" + first.toString().replace(':', '-'));

    Map<String, byte[]> tag = parts(give(all(About.TAG)));
    assertThat(text(tag, "answer.csv")).contains("TagMoved").doesNotContain("TagDeleted", "v3");
    assertThat(text(tag, "leaves.jsonl")).contains("TagDeleted");

    Map<String, byte[]> early =
        parts(give(question(About.REPOSITORY, 3, OptionalLong.of(middle), false)));
    assertThat(text(early, "answer.csv")).contains("v2").doesNotContain("TagDeleted", "v3");
    assertThat(text(early, "answer.json")).doesNotContain("\"tags\":{");

    Map<String, byte[]> pseudonymous =
        parts(give(question(About.REPOSITORY, -1, OptionalLong.empty(), true)));
    for (String name : told(pseudonymous)) {
      assertThat(text(pseudonymous, name)).as(name).doesNotContain("alice", "bob");
    }

    EvidenceQuestion digest =
        new EvidenceQuestion(
            About.DIGEST,
            Optional.empty(),
            Optional.empty(),
            Optional.of(first),
            Optional.empty(),
            Optional.empty(),
            -1,
            OptionalLong.empty(),
            false);
    Path file = give(digest);
    assertThat(wrong(file, keys())).isEmpty();
    // The same manifest is in both, and each tag moved away from it.
    assertThat(text(parts(file), "answer.csv"))
        .contains("team/app", "team/other")
        .doesNotContain("v3");
  }

  @Test
  void timesThatWereAskedForAreHeldAgainstTheEvents() throws Exception {
    Instant between = registry.log().event(middle).orElseThrow().recordedAt();
    for (String from : List.of(between.toString(), between.minusNanos(1000).toString())) {
      EvidenceQuestion asked =
          new EvidenceQuestion(
              About.REPOSITORY,
              Optional.of(REPOSITORY),
              Optional.empty(),
              Optional.empty(),
              Optional.of(from),
              Optional.empty(),
              middle,
              OptionalLong.empty(),
              false);
      assertThat(wrong(give(asked), keys()).isEmpty()).isEqualTo(from.equals(between.toString()));
    }
  }

  @Test
  void whatIsNotOnRecordIsRefusedAndLeavesNoEvent() throws Exception {
    long newest = registry.log().newestPosition();
    EvidenceQuestion unknown =
        new EvidenceQuestion(
            About.REPOSITORY,
            Optional.of(RepositoryName.parse("no/such")),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            -1,
            OptionalLong.empty(),
            false);
    assertThat(registry.evidence().give(ALICE, unknown))
        .isEqualTo(Outcome.refused(new Refusal.UnknownRepository(RepositoryName.parse("no/such"))));
    assertThat(registry.log().newestPosition()).isEqualTo(newest);
    try (RegistryFixture unsigned = RegistryFixture.inItsOwnFolder(RegistryOptions.DEFAULT)) {
      assertThat(unsigned.registry().initialise(ALICE, REPOSITORY)).isTrue();
      long last = unsigned.registry().log().newestPosition();
      assertThat(unsigned.registry().evidence().give(ALICE, all(About.REPOSITORY)))
          .isEqualTo(Outcome.refused(new Refusal.SignsNothing()));
      assertThat(unsigned.registry().log().newestPosition()).isEqualTo(last);
    }
  }

  @Test
  void changedEventsAndHashesAreFound() throws Exception {
    Path file = give(all(About.REPOSITORY));
    String root = "they make another root than the one that is signed";
    assertFound(
        file, root, parts -> replace(parts, "leaves.jsonl", "\"tag\":\"v3\"", "\"tag\":\"v4\""));
    assertFound(
        file,
        root,
        parts -> {
          List<String> hashes = lines(parts, "hashes.txt");
          hashes.set(0, hashes.get(1));
          lines(parts, "hashes.txt", hashes);
        });
    assertFound(
        file,
        "too few hashes",
        parts -> {
          List<String> hashes = lines(parts, "hashes.txt");
          hashes.removeLast();
          lines(parts, "hashes.txt", hashes);
        });
    assertFound(
        file,
        "more hashes than the tree",
        parts -> {
          List<String> hashes = lines(parts, "hashes.txt");
          hashes.add(hashes.getFirst());
          lines(parts, "hashes.txt", hashes);
        });
    assertFound(
        file,
        "in their order",
        parts -> {
          List<String> leaves = lines(parts, "leaves.jsonl");
          leaves.add(1, leaves.removeFirst());
          lines(parts, "leaves.jsonl", leaves);
        });
    assertFound(
        file,
        "in their order",
        parts -> {
          List<String> leaves = lines(parts, "leaves.jsonl");
          leaves.addFirst(leaves.getFirst());
          lines(parts, "leaves.jsonl", leaves);
        });
    assertFound(
        file,
        "a leaf is not JSON",
        parts -> {
          List<String> leaves = lines(parts, "leaves.jsonl");
          leaves.set(2, "nothing");
          lines(parts, "leaves.jsonl", leaves);
        });
    assertFound(file, "there is no event", parts -> parts.put("leaves.jsonl", new byte[0]));
    assertFound(file, "has no end", parts -> parts.put("leaves.jsonl", "{".getBytes(UTF_8)));
    assertFound(
        file,
        "longer than",
        parts -> parts.put("leaves.jsonl", " ".repeat(70_000).getBytes(UTF_8)));
  }

  @Test
  void whatIsLeftOutIsFoundThoughAllHashesWereMadeAnew() throws Exception {
    Digest _ = push(REPOSITORY, "4", "v4"); // so that the last but one is no evidence
    Path file = give(all(About.REPOSITORY));
    int count = lines(parts(file), "leaves.jsonl").size();
    for (int line = 0; line < count - 1; line++) {
      int gone = line;
      List<String> findings = wrong(changed(file, parts -> without(parts, gone)), keys());
      assertThat(findings)
          .anySatisfy(finding -> assertThat(finding).contains("an event is left out"));
      assertThat(findings).noneSatisfy(finding -> assertThat(finding).contains("another root"));
    }
    assertFound(
        file,
        "the last event does not say that evidence was given",
        parts -> without(parts, count - 1));
    Path window = give(question(About.LOG, 2, OptionalLong.of(middle), false));
    int last = lines(parts(window), "leaves.jsonl").size() - 2;
    for (int line : new int[] {1, 2, last - 1}) {
      assertFound(window, "an event is left out", parts -> without(parts, line));
    }
    assertFound(window, "an event is left out", parts -> without(parts, last));
  }

  @Test
  void changedSignaturesAreFound() throws Exception {
    Path file = give(all(About.REPOSITORY));
    Checkpoint checkpoint =
        Checkpoint.parse(SignedNote.parse(text(parts(file), "checkpoint")).text());
    assertFound(
        file,
        "is not one of this checkpoint",
        parts ->
            replace(parts, "checkpoint", "\n" + checkpoint.size(), "\n" + (checkpoint.size() + 1)));
    assertFound(
        file,
        "no key that was given",
        parts ->
            parts.put(
                "checkpoint",
                new SignedNote(
                        checkpoint.body(),
                        List.of(
                            SigningKey.generate(LOG, KeyType.ED25519)
                                .sign(checkpoint, Instant.now())))
                    .toString()
                    .getBytes(UTF_8)));
    assertFound(
        file,
        "no key that was given",
        parts ->
            parts.put(
                "checkpoint",
                new SignedNote(checkpoint.body(), List.of()).toString().getBytes(UTF_8)));
    NoteKey witness =
        SigningKey.generate("witness.example.com", KeyType.ED25519_COSIGNATURE).verifier();
    assertThat(wrong(file, List.of(keys().getFirst(), witness)))
        .containsExactly(
            "the witness witness.example.com has not signed the checkpoint (ED25519_COSIGNATURE)");
    assertFound(
        file,
        "has not signed the checkpoint (ML_DSA_44)",
        parts -> {
          List<String> note = lines(parts, "checkpoint");
          note.removeLast();
          lines(parts, "checkpoint", note);
        });
    NoteKey other = SigningKey.generate("other.example.com", KeyType.ED25519).verifier();
    assertThat(wrong(file, List.of(keys().getFirst(), other)))
        .as("keys of other logs do not matter")
        .isEmpty();
    assertThat(wrong(file, List.of(keys().getFirst())))
        .as("one key of the log is enough")
        .isEmpty();
    assertThat(wrong(file, List.of(SigningKey.generate(LOG, KeyType.ED25519).verifier())))
        .anySatisfy(finding -> assertThat(finding).contains("no key that was given"));
  }

  @Test
  void changedNamesDocumentsAndAnswersAreFound() throws Exception {
    Path file = give(all(About.REPOSITORY));
    assertFound(
        file,
        "of the names and origins are none that an event here was recorded with",
        parts -> replace(parts, "openings.txt", "\"alice\"", "\"carol\""));
    assertFound(
        file,
        "answer.csv says something else",
        parts ->
            lines(
                parts,
                "openings.txt",
                lines(parts, "openings.txt").stream()
                    .filter(line -> !line.contains("\"bob\""))
                    .toList()));
    assertFound(
        file,
        "of the names and origins are none",
        parts ->
            lines(
                parts,
                "openings.txt",
                List.of(
                    Opening.of(Identity.user("mallory")).text(), Opening.of(Origin.NONE).text())));
    Path pseudonymous = give(question(About.REPOSITORY, -1, OptionalLong.empty(), true));
    byte[] names = parts(file).get("openings.txt");
    assertFound(pseudonymous, "names are here, though", parts -> parts.put("openings.txt", names));

    String document = "documents/" + first.toString().replace(':', '-');
    assertFound(
        file,
        "has other bytes than its digest says",
        parts -> parts.put(document, "{}".getBytes(UTF_8)));
    byte[] strange = "{}".getBytes(UTF_8);
    assertFound(
        file,
        "no event here names the document",
        parts ->
            parts.put(
                "documents/"
                    + Digest.of(Digest.Algorithm.SHA256, strange).toString().replace(':', '-'),
                strange));
    for (String part : List.of("answer.csv", "answer.json", "report.html")) {
      assertFound(
          file,
          part + " says something else",
          parts -> replace(parts, part, "TagDeleted", "TagMoved"));
      assertFound(
          file,
          part + " says something else",
          parts -> parts.put(part, (text(parts, part) + " ").getBytes(UTF_8)));
      assertFound(file, "the part " + part + " is missing", parts -> parts.remove(part));
    }
    assertFound(
        file,
        "a part more.html that no evidence has",
        parts -> parts.put("more.html", new byte[0]));
  }

  @Test
  void anEarlierTimeStampHoldsForTheEventsBeforeIt() throws Exception {
    TestAuthority authority = TestAuthority.create();
    Trust trust = new Trust(keys(), Optional.empty(), List.of(authority.root()));
    Path without = give(all(About.REPOSITORY));
    assertThat(EvidenceCheck.of(without, trust))
        .anySatisfy(finding -> assertThat(finding.what()).contains("no authority says when"));
    Checkpoint stamped =
        fixture
            .database()
            .jdbi()
            .inTransaction(
                handle -> {
                  Checkpoints.Signed newest = Checkpoints.newest(handle).orElseThrow();
                  TimeStampQuery query =
                      TimeStampQuery.about(newest.checkpoint().body().getBytes(UTF_8));
                  byte[] token =
                      query.accept(authority.answer(query.bytes()), List.of(authority.root()));
                  Checkpoints.stamp(handle, newest.number(), token, Instant.now());
                  return newest.checkpoint();
                });
    Digest _ = push(REPOSITORY, "5", "v5");
    Path file = give(all(About.REPOSITORY));
    assertThat(EvidenceCheck.of(file, trust))
        .allMatch(EvidenceCheck.Finding::holds)
        .anySatisfy(
            finding ->
                assertThat(finding.what())
                    .contains("saw the log at", "all events before position " + stamped.size()));
    assertThat(EvidenceCheck.of(file, Trust.in(keys())))
        .anySatisfy(finding -> assertThat(finding.what()).contains("was not looked at"));
    Trust others = new Trust(keys(), Optional.empty(), List.of(TestAuthority.create().root()));
    assertThat(EvidenceCheck.of(file, others))
        .anySatisfy(finding -> assertThat(finding.what()).contains("time stamp does not count"));
    for (Map.Entry<String, String> change :
        Map.of(
                "time-stamp/checkpoint", "the log does not begin with",
                "time-stamp/consistency.txt", "the log does not begin with",
                "time-stamp/token.tsr", "time stamp does not count")
            .entrySet()) {
      Path changed =
          changed(
              file,
              parts -> {
                byte[] part = parts.get(change.getKey());
                if (change.getKey().endsWith("checkpoint")) {
                  replace(
                      parts,
                      change.getKey(),
                      "\n" + stamped.size() + "\n",
                      "\n" + (stamped.size() - 1) + "\n");
                } else {
                  parts.put(change.getKey(), Arrays.copyOf(part, part.length / 90 * 45));
                }
              });
      assertThat(EvidenceCheck.of(changed, trust))
          .anySatisfy(
              finding -> {
                assertThat(finding.holds()).isFalse();
                assertThat(finding.what()).contains(change.getValue());
              });
    }
  }

  @Test
  void aPolicySaysWhichCheckpointsCount() throws Exception {
    Path file = give(all(About.REPOSITORY));
    TrustPolicy none = TrustPolicy.NONE.of(List.of(keys().getFirst()));
    assertThat(EvidenceCheck.of(file, new Trust(List.of(), Optional.of(none), List.of())))
        .allMatch(EvidenceCheck.Finding::holds)
        .anySatisfy(finding -> assertThat(finding.what()).contains("the policy accepts"));
    NoteKey witness =
        SigningKey.generate("witness.example.com", KeyType.ED25519_COSIGNATURE).verifier();
    TrustPolicy demanding =
        TrustPolicy.parse("log %s\nwitness w %s\nquorum w\n".formatted(keys().getFirst(), witness));
    assertThat(EvidenceCheck.of(file, new Trust(List.of(), Optional.of(demanding), List.of())))
        .anySatisfy(finding -> assertThat(finding.what()).contains("the policy does not accept"));
  }

  /** What a manifest speaks of, such as a subject, may be another repository's. */
  @Test
  void whoMayReadOneRepositoryGetsNoDocumentsOfOthers() throws Exception {
    Digest secret = push(RepositoryName.parse("secret/pay"), "secret", "latest");
    Digest config = TestClient.upload(registry, REPOSITORY, "{}");
    Digest pointing =
        TestClient.put(
            registry, REPOSITORY, TestManifest.image(config).subject(secret), Tag.parse("points"));
    Evidence.Given given = ok(registry.evidence().give(ALICE, all(About.REPOSITORY)));
    for (boolean record : List.of(false, true)) {
      Path file = folder.resolve("evidence" + files++ + ".zip");
      try (OutputStream out = Files.newOutputStream(file)) {
        registry.evidence().bundle(given, record).write(out);
      }
      assertThat(wrong(file, keys())).isEmpty();
      assertThat(parts(file).keySet())
          .contains("documents/" + pointing.toString().replace(':', '-'))
          .doesNotContain("documents/" + secret.toString().replace(':', '-'));
    }
  }

  @Test
  void anArchiveThatProgramsCouldReadOtherwiseIsFound() throws Exception {
    Path file = give(all(About.REPOSITORY));
    String strange = "the archive is not as it was given";
    Path extra = folder.resolve("extra" + files++ + ".zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(extra))) {
      for (Map.Entry<String, byte[]> part : parts(file).entrySet()) {
        ZipEntry entry = new ZipEntry(part.getKey());
        entry.setExtra(new byte[] {0x75, 0x70, 1, 0, 1});
        zip.putNextEntry(entry);
        zip.write(part.getValue());
        zip.closeEntry();
      }
    }
    Path before = folder.resolve("before" + files++ + ".zip");
    Path behind = folder.resolve("behind" + files++ + ".zip");
    byte[] whole = Files.readAllBytes(file);
    try (OutputStream out = Files.newOutputStream(before)) {
      out.write(Files.readAllBytes(extra));
      out.write(whole);
    }
    try (OutputStream out = Files.newOutputStream(behind)) {
      byte[] comment = whole.clone();
      comment[comment.length - 2] = 1;
      out.write(comment);
      out.write('x');
    }
    for (Path changed : List.of(extra, before, behind)) {
      assertThat(wrong(changed, keys()))
          .anySatisfy(finding -> assertThat(finding).contains(strange));
    }
    assertFound(
        file,
        "read-me.txt is not the text",
        parts -> replace(parts, "read-me.txt", "Nothing of this", "All of this"));
    assertFound(
        file,
        "keys.txt has a key that did not sign",
        parts ->
            lines(
                parts,
                "keys.txt",
                List.of(SigningKey.generate(LOG, KeyType.ED25519).verifier().toString())));
  }

  @Test
  void twoPartsOfOneNameAreFound() throws Exception {
    Path file = give(all(About.REPOSITORY));
    Path changed = changed(file, parts -> parts.put("answer.cs2", parts.get("answer.csv")));
    byte[] bytes = Files.readAllBytes(changed);
    byte[] from = "answer.cs2".getBytes(UTF_8);
    for (int i = 0; i + from.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + from.length, from, 0, from.length)) {
        bytes[i + from.length - 1] = 'v';
      }
    }
    Files.write(changed, bytes);
    assertThat(wrong(changed, keys()))
        .anySatisfy(finding -> assertThat(finding).contains("two parts answer.csv"));
  }

  @Test
  void whatWasForgottenIsToldByANumberAndStillHolds() throws Exception {
    Caller carol = new Caller("carol", "r");
    RepositoryName repository = RepositoryName.parse("team/carol");
    assertThat(registry.initialise(carol, repository)).isTrue();
    ActorId id =
        registry.people().list(Optional.of("carol"), Optional.empty(), 1).items().getFirst().id();
    assertThat(registry.people().forget(ALICE, id)).isTrue();
    Path file =
        give(
            new EvidenceQuestion(
                About.REPOSITORY,
                Optional.of(repository),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                -1,
                OptionalLong.empty(),
                false));
    assertThat(wrong(file, keys())).isEmpty();
    Map<String, byte[]> parts = parts(file);
    for (String name : told(parts)) {
      assertThat(text(parts, name).replace("team/carol", "")).as(name).doesNotContain("carol");
    }
    assertThat(text(parts, "answer.csv")).contains("RepositoryCreated,#");
  }

  @Test
  void aProofOfAnEventHoldsAlone() throws Exception {
    StringWriter printed = new StringWriter();
    Path file = folder.resolve("event.tlog-proof");
    LogProof proof = registry.signedLog().proof(middle).orElseThrow();
    Files.writeString(file, proof.toString());
    assertThat(Verifier.verify(file, Trust.in(keys()), new PrintWriter(printed, true))).isTrue();
    assertThat(printed.toString()).contains("\"position\":\"" + middle + "\"", "All of it holds.");
    Files.writeString(
        file,
        new LogProof(
                new String(proof.leaf(), UTF_8).replace("v2", "v9").getBytes(UTF_8),
                proof.index(),
                proof.path(),
                proof.checkpoint())
            .toString());
    assertThat(Verifier.verify(file, Trust.in(keys()), new PrintWriter(printed, true))).isFalse();
    assertThat(printed.toString()).contains("WRONG  the event is not the one at position");
    assertThat(registry.signedLog().proof(-1)).isEmpty();
    assertThat(registry.signedLog().proof(Long.MAX_VALUE)).isEmpty();
  }
}
