package dev.stele.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.server.auth.LocalCredential;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The file in a data folder by which the commands of the same machine find the server that runs on
 * it, and are let in. Nobody but the server's own user can read it. It is written when the server
 * listens and removed when it stops; one that a server left which was killed counts for nothing.
 *
 * @param url where the server is asked
 */
public record LocalAccess(URI url, LocalCredential credential) {
  private static final String NAME = "local-access.json";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  /** How far apart two processes may see the start of a third. */
  private static final Duration SAME_START = Duration.ofSeconds(10);

  /** The file of a data folder. */
  public static Path file(Path data) {
    return data.resolve(NAME);
  }

  /**
   * Writes the file, in the place of whatever has its name. To be closed when the server stops.
   *
   * @throws StartupException if it cannot be written
   */
  public AutoCloseable publish(Path data) throws StartupException {
    ProcessHandle self = ProcessHandle.current();
    Map<String, Object> content =
        Map.of(
            "url",
            url.toString(),
            "token",
            credential.token(),
            "pid",
            self.pid(),
            "started",
            started(self).toString());
    Path file = file(data);
    try {
      replace(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(content));
    } catch (IOException e) {
      throw new StartupException("data: " + file + " cannot be written: " + e, e);
    }
    return () -> Files.deleteIfExists(file);
  }

  /** Writes a file that its owner alone can read: at once, and through no link of its name. */
  public static void replace(Path file, byte[] content) throws IOException {
    Path written =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            file.getFileName().toString(),
            ".new",
            PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    try {
      Files.write(written, content);
      Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(written);
    }
  }

  /**
   * The access to the server that runs on a data folder; empty if none does.
   *
   * @throws StartupException if the file is not to be trusted, or cannot be read
   */
  public static Optional<LocalAccess> find(Path data) throws StartupException {
    Path file = file(data);
    try {
      PosixFileAttributes attributes =
          Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      check(file, attributes, Files.getOwner(data).getName());
      return read(file);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new StartupException(
          "data: %s cannot be used: %s".formatted(file, dev.stele.blob.FileFailure.reason(e)), e);
    }
  }

  private static void check(Path file, PosixFileAttributes attributes, String folderOwner)
      throws StartupException {
    if (!attributes.isRegularFile()) {
      throw untrusted(file, "is no file of its own but a link or the like", "remove it");
    }
    if (!OWNER_ONLY.containsAll(attributes.permissions())) {
      throw untrusted(file, "may be used by others, who may have read it", "restart the server");
    }
    if (!attributes.owner().getName().equals(folderOwner)) {
      throw untrusted(
          file,
          "belongs to %s, its folder to %s".formatted(attributes.owner().getName(), folderOwner),
          "remove it and restart the server");
    }
  }

  private static StartupException untrusted(Path file, String why, String remedy) {
    return new StartupException(
        "data: %s %s, so no server is asked by it; %s".formatted(file, why, remedy));
  }

  private static Optional<LocalAccess> read(Path file) throws IOException {
    Set<OpenOption> options = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    JsonNode content;
    try (SeekableByteChannel channel = Files.newByteChannel(file, options)) {
      content = JSON.readTree(Channels.newInputStream(channel));
    }
    return ProcessHandle.of(content.path("pid").asLong())
        .filter(process -> runs(process, content.path("started").asText()))
        .map(
            _ ->
                new LocalAccess(
                    URI.create(content.path("url").asText()),
                    new LocalCredential(content.path("token").asText(), false)));
  }

  /** Whether a process is the one that wrote this, rather than a later one of its number. */
  private static boolean runs(ProcessHandle process, String start) {
    return process.isAlive()
        && Duration.between(Instant.parse(start), started(process)).abs().compareTo(SAME_START) < 0;
  }

  private static Instant started(ProcessHandle process) {
    return process.info().startInstant().orElse(Instant.EPOCH);
  }
}
