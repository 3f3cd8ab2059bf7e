package dev.stele.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.event.ActorId;
import dev.stele.event.Commitment;
import dev.stele.event.EventCodec;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.TileView;
import dev.stele.registry.Caller;
import dev.stele.registry.EventEntry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.TestClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each kind of damage is done by hand and must be found; nothing else may be. */
class FsckTest {
  private static final RepositoryName APP = RepositoryName.parse("app");

  private static final LogReader READER = new LogReader(new EventCodec());

  @TempDir Path folder;
  private DiskBlobStore store;
  private RegistryFixture fixture;
  private final List<Finding> findings = new ArrayList<>();

  @BeforeEach
  void open() throws IOException {
    store = new DiskBlobStore(folder);
    fixture = new RegistryFixture(store);
    Digest config = blob("{}");
    blob("layer");
    TestClient.push(fixture.registry(), APP, Tag.parse("v1"), TestManifest.image(config));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private Digest blob(String content) throws IOException {
    return TestClient.upload(fixture.registry(), APP, content);
  }

  private Fsck.Summary run(boolean deep) throws IOException {
    findings.clear();
    return new Fsck(fixture.database().jdbi(), new BlobStores(store))
        .run(deep, findings::add, (_, _, _) -> {});
  }

  private void asOwner(String... statements) throws Exception {
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      // What only somebody who administers the database can do.
      statement.execute("SET session_replication_role = replica");
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private Path object(String digest) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("sha256"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(digest))
          .findFirst()
          .orElseThrow();
    }
  }

  /** Events enough for two tiles and some more; returns what {@link TileView} covers. */
  private long fillTiles() {
    for (int i = 0; i < 600; i++) {
      fixture.registry().initialise(TestClient.ALICE, RepositoryName.parse("filler" + i));
    }
    ProjectionRunner tiles =
        new ProjectionRunner(fixture.database().jdbi(), READER, new TileView());
    while (!tiles.step().isEmpty()) {
      // the next
    }
    return tiles.nextPosition();
  }

  @Test
  void anEventThatWasWrittenAnewIsNotWhatTheTreeWasMadeOf() throws Exception {
    assertThat(fillTiles()).isEqualTo(512);
    assertThat(run(false).sound()).isTrue();
    for (long position : new long[] {0, 255, 256, 300, 511}) {
      byte[] leaf =
          fixture
              .database()
              .jdbi()
              .withHandle(handle -> READER.leaves(handle, List.of(position)))
              .getFirst()
              .bytes();
      // Whatever the columns and tables beside the leaf say fits the new one.
      String request = "\"request\":\"";
      String forged = new String(leaf, UTF_8).replace(request, request + "x");
      assertThat(forged).isNotEqualTo(new String(leaf, UTF_8));
      String hex = HexFormat.of().formatHex(forged.getBytes(UTF_8));
      asOwner("UPDATE event SET leaf = '\\x%s' WHERE position = %d".formatted(hex, position));
      assertThat(run(false).sound()).isFalse();
      assertThat(findings)
          .containsExactly(
              new Finding.TileBroken(0, position / 256, position, 1),
              new Finding.TileBroken(1, 0, position / 256 * 256, 256));
      asOwner(
          "UPDATE event SET leaf = '\\x%s' WHERE position = %d"
              .formatted(HexFormat.of().formatHex(leaf), position));
    }
    assertThat(run(false).sound()).isTrue();
  }

  @Test
  void aTileThatWasChangedOrIsGoneIsFound() throws Exception {
    assertThat(fillTiles()).isEqualTo(512);
    asOwner(
        "UPDATE tile SET hashes = set_byte(hashes, 32, get_byte(hashes, 32) # 1) WHERE level = 0"
            + " AND number = 1");
    assertThat(run(false).sound()).isFalse();
    assertThat(findings).containsExactly(new Finding.TileBroken(0, 1, 257, 1));
    assertThat(findings.getFirst().what())
        .isEqualTo(
            "tile 1 of level 0 of the log's tree has another hash for the event at position 257, or"
                + " none: it or the tile was changed");
    asOwner("DELETE FROM tile WHERE level = 1");
    assertThat(run(false).sound()).isFalse();
    assertThat(findings)
        .contains(new Finding.TileBroken(1, 0, 0, 256), new Finding.TileBroken(1, 0, 256, 256));
  }

  @Test
  void aSoundRegistryHasNoFindings() throws IOException {
    Map<String, List<Long>> told = new LinkedHashMap<>();
    Fsck.Summary summary =
        new Fsck(fixture.database().jdbi(), new BlobStores(store))
            .run(true, findings::add, (what, done, of) -> told.put(what, List.of(done, of)));
    assertThat(summary).isEqualTo(new Fsck.Summary(5, 1, 2, 2, 0, 0));
    assertThat(findings).isEmpty();
    assertThat(told)
        .containsExactly(
            Map.entry("events", List.of(5L, 5L)),
            Map.entry("documents", List.of(1L, 0L)),
            Map.entry("bytes read again", List.of(7L, 0L)),
            Map.entry("objects found in store default", List.of(2L, 0L)));
  }

  @Test
  void everyChangeToTheLogIsFound() throws Exception {
    asOwner("UPDATE event SET type = 'TagDeleted' WHERE position = 1");
    assertThat(run(false).sound()).isFalse();
    assertThat(findings).singleElement().isInstanceOf(Finding.EventBroken.class);

    asOwner(
        "UPDATE event SET type = 'BlobUploaded' WHERE position = 1",
        "UPDATE event SET recorded_at = recorded_at - interval '1 hour' WHERE position = 2");
    run(false);
    assertThat(findings).extracting(Finding::what).anyMatch(what -> what.contains("is before"));

    asOwner(
        "UPDATE event SET recorded_at = recorded_at + interval '1 hour' WHERE position = 2",
        "UPDATE event SET leaf = overlay(leaf placing '\\x00' from 20) WHERE position = 3");
    run(false);
    assertThat(findings).singleElement().isInstanceOf(Finding.EventBroken.class);

    asOwner(
        "INSERT INTO log_checkpoint (follower, next_position) VALUES ('somebody', 5)",
        "DELETE FROM event WHERE position IN (3, 4)");
    run(false);
    assertThat(findings)
        .containsExactly(new Finding.PositionMissing(3), new Finding.PositionMissing(4));
  }

  @Test
  void aNameCannotBeExchanged() throws Exception {
    asOwner("UPDATE actor SET opening = replace(opening, 'alice', 'mallory')");
    assertThat(run(false).damages()).isEqualTo(1);
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("position 0", "what is kept of it is not what the event has");
    assertThat(fixture.registry().log().event(0).orElseThrow().identity())
        .contains(Identity.ALTERED);

    asOwner(
        "UPDATE actor SET opening = replace(opening, 'mallory', 'alice')",
        "UPDATE actor SET name = 'mallory'");
    run(false);
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("looked for as mallory, but is alice");

    asOwner("UPDATE actor SET name = 'alice'");
    assertThat(run(false).sound()).isTrue();
  }

  @Test
  void nobodyIsForgottenWithoutAnEvent() throws Exception {
    asOwner("CREATE TABLE kept AS SELECT * FROM actor", "DELETE FROM actor");
    run(false);
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("the log does not say that it was forgotten");
    asOwner(
        "INSERT INTO actor SELECT * FROM kept",
        "UPDATE actor SET opening = NULL, name = NULL, forgotten_position = 2");
    run(false);
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("marked as forgotten by event 2, which does not say so");
  }

  @Test
  void anOriginIsWhatTheEventHas() throws Exception {
    Caller bob =
        new Caller(
            Identity.user("bob"),
            new Origin(Optional.of("192.0.2.7"), Optional.of("curl"), Optional.of("key-1")),
            "r");
    fixture.registry().initialise(bob, RepositoryName.parse("other"));
    assertThat(run(false).sound()).isTrue();
    EventEntry event = fixture.registry().log().event(5).orElseThrow();
    assertThat(event.identity()).contains(bob.identity());
    assertThat(event.origin()).contains(bob.origin());

    asOwner("UPDATE origin SET opening = replace(opening, '192.0.2.7', '192.0.2.8')");
    run(false);
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("position 5: of from where");
    assertThat(fixture.registry().log().event(5).orElseThrow().origin())
        .hasValueSatisfying(
            origin -> assertThat(origin.address()).contains(Identity.ALTERED.name()));
    asOwner("DELETE FROM origin");
    run(false);
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("whoever acted was not forgotten");
  }

  /** They would be forgotten with somebody else, or not with whose they are. */
  @Test
  void anOriginIsKeptAsThatOfWhoeverActed() throws Exception {
    Caller bob =
        new Caller(
            Identity.user("bob"),
            new Origin(Optional.of("192.0.2.7"), Optional.empty(), Optional.empty()),
            "r");
    fixture.registry().initialise(bob, RepositoryName.parse("other"));
    asOwner("UPDATE origin SET actor_id = (SELECT id FROM actor WHERE name = 'alice')");
    run(false);
    assertThat(findings)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("position 5: of from where", "it is kept as another's");
  }

  @Test
  void damageBehindAForgottenPersonDoesNotEndIt() throws Exception {
    Caller bob = new Caller(Identity.user("bob"), Origin.NONE, "r");
    fixture.registry().initialise(bob, RepositoryName.parse("other"));
    Commitment identity =
        fixture
            .database()
            .jdbi()
            .withHandle(handle -> READER.events(handle, 5, 1))
            .getFirst()
            .by()
            .identity();
    assertThat(
            fixture
                .registry()
                .people()
                .forget(TestClient.ALICE.because(Optional.of("they asked")), ActorId.of(identity)))
        .isTrue();
    assertThat(run(false).sound()).isTrue();

    asOwner(
        "UPDATE event SET leaf = overlay(leaf placing '\\x00' from 20) WHERE position = 6",
        "UPDATE manifest_document SET bytes = bytes || '\\x20'");
    run(false);
    assertThat(findings)
        .extracting(Finding::what)
        .anyMatch(what -> what.contains("marked as forgotten by event 6, which does not say so"))
        .anyMatch(what -> what.contains("position 6"));
    // What is looked at later was looked at.
    assertThat(findings).hasAtLeastOneElementOfType(Finding.DocumentBroken.class);
  }

  @Test
  void anEventThatTheChainOfItsRepositoryLeavesOutIsFound() throws Exception {
    fixture.registry().initialise(TestClient.ALICE, RepositoryName.parse("other"));
    blob("more");
    EventCodec codec = new EventCodec();
    RecordedEvent last =
        fixture.database().jdbi().withHandle(handle -> READER.events(handle, 6, 1)).getFirst();
    assertThat(last.previous()).hasValue(4);
    RecordedEvent forged =
        new RecordedEvent(
            last.position(),
            OptionalLong.of(3),
            last.recordedAt(),
            last.clock(),
            last.by(),
            last.cause(),
            last.commandId(),
            last.event());
    asOwner(
        "UPDATE event SET leaf = '\\x%s' WHERE position = 6"
            .formatted(HexFormat.of().formatHex(codec.encode(forged))));
    run(false);
    // That the store was marked at another event is a finding, too.
    assertThat(findings)
        .filteredOn(Finding.EventBroken.class::isInstance)
        .singleElement()
        .extracting(Finding::what)
        .asString()
        .contains("says that the event before it of repository app is 3, but that is 4");
  }

  @Test
  void aChangedDocumentIsFound() throws Exception {
    asOwner("UPDATE manifest_document SET bytes = bytes || '\\x20'");
    assertThat(run(false).damages()).isEqualTo(1);
    assertThat(findings).singleElement().isInstanceOf(Finding.DocumentBroken.class);
  }

  @Test
  void objectsThatAreMissingShortOrRottenAreFoundAndTheRestIsStillChecked() throws IOException {
    Digest layer = blob("layer");
    Digest config = blob("{}");
    Files.writeString(object(layer.hex()), "LAYER");
    assertThat(run(false).sound()).as("only reading shows bit rot").isTrue();
    assertThat(run(true).damages()).isEqualTo(1);
    assertThat(findings).singleElement().isInstanceOf(Finding.ObjectContent.class);

    Files.delete(object(config.hex()));
    Files.writeString(object(layer.hex()), "lay");
    assertThat(run(false).damages()).isEqualTo(2);
    assertThat(findings)
        .hasOnlyElementsOfTypes(Finding.ObjectMissing.class, Finding.ObjectSize.class);
  }

  @Test
  void anOrphanIsListedButIsNoDamage() throws Exception {
    byte[] content = {1, 2, 3};
    store.put(
        Digest.of(Digest.Algorithm.SHA256, content),
        OptionalLong.of(3),
        new ByteArrayInputStream(content));
    Fsck.Summary summary = run(true);
    assertThat(summary.sound()).isTrue();
    assertThat(summary.orphans()).isEqualTo(1);
    assertThat(findings).singleElement().isInstanceOf(Finding.Orphan.class);
  }
}
