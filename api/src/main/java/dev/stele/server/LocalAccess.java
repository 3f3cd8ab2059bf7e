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
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

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

  /** Where the time of the start stands behind the name in {@code /proc/<pid>/stat}. */
  private static final int START_TICKS = 19;

  /** A name could come to mean another machine. */
  private static final Pattern LOOPBACK = Pattern.compile("127(\\.[0-9]{1,3}){3}|\\[(0*:)+0*1]");

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
            started(self));
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
    } catch (IllegalArgumentException e) {
      throw new StartupException("data: %s is damaged; restart the server".formatted(file), e);
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
    String owner = attributes.owner().getName();
    if (!owner.equals(folderOwner) && !owner.equals(OperatingSystemUser.name())) {
      throw untrusted(
          file,
          "belongs to %s, its folder to %s".formatted(owner, folderOwner),
          "ask as %s if that is who runs the server, or name the server with --server"
              .formatted(owner));
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
    URI url = URI.create(content.path("url").asText());
    if (!LOOPBACK.matcher(String.valueOf(url.getHost())).matches()) {
      throw new IOException("it names no address of this machine");
    }
    return ProcessHandle.of(content.path("pid").asLong())
        .filter(ProcessHandle::isAlive)
        .filter(process -> started(process).equals(content.path("started").asText()))
        .map(_ -> new LocalAccess(url, new LocalCredential(content.path("token").asText(), false)));
  }

  /**
   * When a process began, to tell it from a later one of its number: where there is {@code /proc},
   * in ticks since the machine began, which no step of the clock changes.
   */
  private static String started(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      // The name of the program stands in parentheses and may have spaces.
      return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[START_TICKS];
    } catch (IOException | RuntimeException e) {
      return process.info().startInstant().map(Instant::toString).orElse("");
    }
  }
}
