package dev.stele.blob;

import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a session's file says, in the form of a Java properties file: {@code repository}, {@code
 * algorithm} (the hinted one) and {@code started} (ISO 8601). Written once, when the session
 * begins.
 */
record UploadSession(RepositoryName repository, Digest.Algorithm hint, Instant startedAt) {
  private static final Logger log = LoggerFactory.getLogger(UploadSession.class);

  void write(Path file) throws IOException {
    Files.writeString(
        file,
        "repository=%s\nalgorithm=%s\nstarted=%s\n".formatted(repository, hint.prefix(), startedAt),
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.WRITE);
  }

  /**
   * Reads the file; empty if there is none or it is not whole, as after a crash while beginning.
   */
  static Optional<UploadSession> read(Path file) throws IOException {
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(Files.readString(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new UploadSession(
              RepositoryName.parse(properties.getProperty("repository", "")),
              Digest.Algorithm.parse(properties.getProperty("algorithm", "")),
              Instant.parse(properties.getProperty("started", ""))));
    } catch (InvalidNameException | DateTimeException e) {
      log.warn("Not the file of an upload session, so there is none: {}", file, e);
      return Optional.empty();
    }
  }
}
