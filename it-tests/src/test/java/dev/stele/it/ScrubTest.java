package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code stele scrub} beside a running server and without one. */
class ScrubTest {
  @TempDir private Path data;

  private Path object(Digest digest) throws Exception {
    try (Stream<Path> files = Files.walk(data.resolve("blobs"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(digest.hex()))
          .findFirst()
          .orElseThrow();
    }
  }

  private SteleProcess.CommandResult scrub(String... options) throws Exception {
    return SteleProcess.run(
        Stream.concat(Stream.of("scrub", "--data", data.toString()), Stream.of(options))
            .toArray(String[]::new));
  }

  @Test
  void rotIsFoundRecordedAndRepairedByAPush() throws Exception {
    byte[] content = "some content".getBytes(UTF_8);
    Digest digest;
    try (SteleProcess server = SteleProcess.start(data)) {
      digest = server.client().pushBlob("demo/app", content);
      Files.writeString(object(digest), "SOME CONTENT");
      assertThat(server.client().hasBlob("demo/app", digest)).as("its size is right").isTrue();

      SteleProcess.CommandResult found = scrub("--json");
      assertThat(found.exitStatus()).as(found.output()).isEqualTo(1);
      assertThat(found.output())
          .contains("\"finding\":\"ObjectContent\"", digest.toString(), "\"recorded\":1}");
      assertThat(server.client().hasBlob("demo/app", digest)).isFalse();
      assertThat(server.client().events())
          .extracting(RecordedEvent::type)
          .containsExactly(
              "ServerStarted", "RepositoryCreated", "BlobUploaded", "BlobCorruptionFound");

      Digest pushed = server.client().pushBlob("demo/app", content);
      assertThat(server.client().blob("demo/app", pushed)).isEqualTo(content);
      server.stop();
    }
    SteleProcess.CommandResult sound = scrub("--rate", "1MiB");
    assertThat(sound.exitStatus()).as(sound.output()).isZero();
    assertThat(sound.output()).contains("Sound: 0 damaged, gone or not looked at");
    for (String rate : List.of("0B", "fast")) {
      assertThat(scrub("--rate", rate).exitStatus()).as(rate).isEqualTo(2);
    }
  }
}
