package dev.stele.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example is this code, and does what it says. */
class EmbeddedRegistryTest {
  @Test
  void theExampleWorks(@TempDir Path folder) throws IOException {
    assertThat(EmbeddedRegistry.pushImage(folder))
        .containsExactly("RepositoryCreated", "BlobUploaded", "ManifestPut", "TagMoved");
  }

  @Test
  void theReadmeQuotesIt() throws IOException {
    String readme = Files.readString(Path.of("../README.md"));
    String section = readme.substring(readme.indexOf("\n## Embedding\n"));
    String begin = "```java\n";
    int start = section.indexOf(begin) + begin.length();
    String quoted = section.substring(start, section.indexOf("```", start));
    assertThat(quoted.lines()).hasSizeGreaterThan(20);
    assertThat(Files.readString(Path.of("src/test/java/dev/stele/example/EmbeddedRegistry.java")))
        .contains(
            quoted.indent(4).lines().map(String::stripTrailing).reduce("", (a, b) -> a + "\n" + b));
  }
}
