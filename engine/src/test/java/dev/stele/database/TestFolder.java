package dev.stele.database;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder of a test that no extension gives one, which goes with what is in it. */
public record TestFolder(Path path) implements AutoCloseable {
  public static TestFolder create() throws IOException {
    return new TestFolder(Files.createTempDirectory("stele-test-"));
  }

  @Override
  public void close() {
    try {
      Folders.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
