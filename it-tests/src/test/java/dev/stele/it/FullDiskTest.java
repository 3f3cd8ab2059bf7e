package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk that fills up: pushes are refused before PostgreSQL is in need, pulls go on, and when
 * there is room again, so do pushes, with nobody's help. The disk is a tmpfs, so this needs root.
 */
class FullDiskTest {
  private static final Map<String, String> RESERVE = Map.of("STELE_DISK_RESERVE", "40MiB");
  private static final Duration RECOVERY = Duration.ofSeconds(60);
  private static final byte[] BLOB = new byte[300_000];

  @TempDir private Path folder;
  private Path disk;
  private Path filler;

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(folder.resolve("disk"));
    filler = disk.resolve("filler");
    run("mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", disk.toString());
  }

  @AfterEach
  void unmount() throws Exception {
    run("umount", disk.toString());
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor())
        .as("%s, which needs root and the right to mount: %s", String.join(" ", command), output)
        .isZero();
  }

  /** Writes until so much is free, or, for 0, until nothing more can be written. */
  private void fillUntil(long free) throws IOException {
    byte[] some = new byte[1 << 16];
    try (OutputStream out =
        Files.newOutputStream(
            filler,
            java.nio.file.StandardOpenOption.CREATE,
            java.nio.file.StandardOpenOption.APPEND)) {
      while (disk.toFile().getUsableSpace() > free) {
        out.write(some);
      }
    } catch (IOException e) {
      assertThat(free).as("the disk is full: %s", e.getMessage()).isZero();
    }
  }

  private static void eventually(String what, Check check) throws Exception {
    long deadline = System.nanoTime() + RECOVERY.toNanos();
    while (!check.holds()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  @FunctionalInterface
  private interface Check {
    boolean holds() throws Exception;
  }

  private static int status(RegistryClient client, String method, String path) throws Exception {
    return client.send(method, path).statusCode();
  }

  private static HttpResponse<byte[]> begin(RegistryClient client) throws Exception {
    return client.send("POST", "/v2/app/blobs/uploads/");
  }

  @Test
  void pushesAreRefusedPullsGoOnAndItRecoversByItself() throws Exception {
    try (SteleProcess server = SteleProcess.start(disk.resolve("data"), RESERVE)) {
      RegistryClient client = server.client();
      Digest digest = client.pushBlob("app", BLOB);
      String blob = RegistryClient.blobPath("app", digest);
      Path ballast = server.data().resolve("postgresql").resolve("ballast");
      eventually("room is kept for PostgreSQL", () -> Files.isRegularFile(ballast));

      fillUntil(35L << 20);
      HttpResponse<byte[]> refused = begin(client);
      assertThat(refused.statusCode()).isEqualTo(507);
      assertThat(new String(refused.body(), UTF_8)).contains("has no room left");
      assertThat(status(client, "GET", blob)).isEqualTo(200);
      assertThat(status(client, "HEAD", blob)).isEqualTo(200);

      fillUntil(0);
      server.killPostgres();
      eventually("PostgreSQL comes back", () -> status(client, "GET", blob) == 200);
      assertThat(Files.exists(ballast)).as("what was kept was given up for it").isFalse();
      assertThat(begin(client).statusCode()).isEqualTo(507);
      assertThat(status(client, "HEAD", blob)).isEqualTo(200);

      Files.delete(filler);
      eventually("pushes are taken again", () -> begin(client).statusCode() == 202);
      client.pushBlob("app", new byte[400_000]);
      eventually("room is kept again", () -> Files.exists(ballast));
      server.killPostgres();
      server.kill9();
    }
    fillUntil(0);
    try (SteleProcess server = SteleProcess.start(disk.resolve("data"), RESERVE)) {
      String blob = RegistryClient.blobPath("app", Digest.of(Digest.Algorithm.SHA256, BLOB));
      assertThat(status(server.client(), "GET", blob)).as("after a start on it").isEqualTo(200);
      assertThat(begin(server.client()).statusCode()).isEqualTo(507);
      server.stop();
    }
  }
}
