package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a server starts, what it leaves on the disk, and what a signal changes. */
@Order(SteleProcess.LONG)
class StartingTest {
  private static final Set<PosixFilePermission> OWNERS =
      PosixFilePermissions.fromString("rwx------");

  @TempDir private Path folder;
  private Path configuration;
  private SteleProcess server;

  /** As a pod has it whose service is called stele. */
  @BeforeEach
  void start() throws Exception {
    configuration =
        Files.writeString(
            folder.resolve("stele.yaml"), "tags: {immutable: [{repositories: [\"released/**\"]}]}");
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(
                "STELE_CONFIG",
                configuration.toString(),
                "STELE_PORT",
                "tcp://10.0.0.7:5000",
                "STELE_PORT_5000_TCP",
                "tcp://10.0.0.7:5000",
                "STELE_SERVICE_HOST",
                "10.0.0.7",
                "STELE_SERVICE_PORT",
                "5000"));
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private void reload(String yaml) throws Exception {
    Files.writeString(configuration, yaml);
    Process kill = new ProcessBuilder("kill", "-HUP", Long.toString(server.pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  private void await(BooleanSupplier condition) throws InterruptedException {
    for (int tries = 0; !condition.getAsBoolean(); tries++) {
      assertThat(tries).as(server::logTail).isLessThan(300);
      Thread.sleep(100);
    }
  }

  /** The status of moving a tag from one image to another and back. */
  private List<Integer> moving(String repository, String tag) {
    RegistryClient client = server.client();
    client.push(repository, "one", ImageFixture.image(1));
    client.push(repository, "two", ImageFixture.image(2));
    return Stream.of(1, 2)
        .map(number -> ImageFixture.image(number).manifest())
        .map(
            manifest ->
                client
                    .send(
                        "PUT",
                        RegistryClient.manifestPath(repository, tag),
                        manifest.bytes(),
                        "Content-Type",
                        manifest.mediaType())
                    .statusCode())
        .toList();
  }

  @Test
  void theFileThatTheEnvironmentNamesHoldsAndIsReadAgainOnASignal() throws Exception {
    assertThat(moving("released/app", "v1")).containsExactly(201, 409);
    assertThat(moving("team/app", "v1")).containsExactly(201, 201);

    reload("tags: {immutable: [{repositories: [\"team/**\"]}]}");
    AtomicInteger tag = new AtomicInteger(2);
    await(() -> moving("team/app", "v" + tag.incrementAndGet()).equals(List.of(201, 409)));
    assertThat(moving("released/app", "v2")).containsExactly(201, 201);

    reload("tags: {immutable: [{repositories: [\"\"]}]}");
    await(() -> server.logTail().contains("so the old one stays"));
    assertThat(moving("team/app", "v2")).containsExactly(201, 409);
  }

  /** Pulls are counted for up to a minute before they are on record. */
  @Test
  void thatItStoppedIsOnRecordAfterAllThatWasAskedOfIt() throws Exception {
    server.client().push("team/app", "v1", ImageFixture.image(1));
    assertThat(
            server.client().send("GET", RegistryClient.manifestPath("team/app", "v1")).statusCode())
        .isEqualTo(200);
    server.stop();
    SteleProcess.CommandResult last =
        SteleProcess.run(
            "events",
            "--newest-first",
            "--limit",
            "2",
            "--csv",
            "--data",
            server.data().toString());
    assertThat(last.output().lines().filter(line -> line.matches("[0-9]+,.*")).toList())
        .satisfiesExactly(
            newest -> assertThat(newest).contains(",ServerStopped,"),
            before -> assertThat(before).contains(",PullsObserved,"));
  }

  @Test
  void nobodyButTheOwnerCanReadWhatItKeeps() throws Exception {
    server.client().push("team/app", "v1", ImageFixture.image(1));
    assertThat(openToOthers(server.data())).isEmpty();
    server.stop();
    assertThat(openToOthers(server.data())).isEmpty();
  }

  /** Of a folder that others cannot enter, nothing can be read by them. */
  private static List<Path> openToOthers(Path root) throws IOException {
    try (Stream<Path> entries = Files.list(root)) {
      return Stream.concat(Stream.of(root), entries).filter(StartingTest::isOpen).toList();
    }
  }

  private static boolean isOpen(Path path) {
    try {
      return !OWNERS.containsAll(Files.getPosixFilePermissions(path));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aPortInUseIsFoundBeforeAnythingIsMade() throws Exception {
    Path other = folder.resolve("other");
    SteleProcess.CommandResult refused =
        SteleProcess.run(
            "serve", "--listen", server.base().getAuthority(), "--data", other.toString());
    assertThat(refused.exitStatus()).isEqualTo(1);
    assertThat(refused.output())
        .contains(server.base().getAuthority(), "in use", "--listen")
        .doesNotContain("Exception");
    assertThat(other).doesNotExist();
  }
}
