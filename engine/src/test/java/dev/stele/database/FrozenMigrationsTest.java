package dev.stele.database;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Databases have run the migrations that there are: none is ever changed, and a new one is added to
 * {@code migrations.sha256}, by {@code sha256sum} in their folder.
 */
class FrozenMigrationsTest {
  private static final Path FOLDER =
      Path.of("../migrations/src/main/resources/dev/stele/migrations");

  @Test
  void noMigrationHasChanged() throws IOException {
    Map<String, String> frozen;
    try (InputStream in = FrozenMigrationsTest.class.getResourceAsStream("migrations.sha256")) {
      frozen =
          new String(in.readAllBytes(), UTF_8)
              .lines()
              .map(line -> line.split(" +", 2))
              .collect(Collectors.toMap(line -> line[1], line -> line[0]));
    }
    Map<String, String> there = new TreeMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(FOLDER, "*.sql")) {
      for (Path file : files) {
        there.put(
            file.getFileName().toString(),
            Digest.of(Digest.Algorithm.SHA256, Files.readAllBytes(file)).hex());
      }
    }
    assertThat(there).isNotEmpty().containsExactlyInAnyOrderEntriesOf(frozen);
  }
}
