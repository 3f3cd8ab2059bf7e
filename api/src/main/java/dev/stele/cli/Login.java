package dev.stele.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.registry.SessionToken;
import dev.stele.server.LocalAccess;
import dev.stele.server.auth.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A server and who asks it. One can be saved, in a file that its owner alone can read.
 *
 * @param user empty for nobody in particular
 */
record Login(String server, String user, String password) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  /** One by the token of a session, which is sent as a password of this user. */
  static Login session(ServerUrl url, String token) {
    return new Login(url.toString(), Credential.TOKEN_USER, token);
  }

  /** Whether it is one by a session. */
  boolean isSession() {
    return user.equals(Credential.TOKEN_USER) && SessionToken.parse(password).isPresent();
  }

  /** Where it is saved. */
  static Path file() {
    String home = System.getenv("XDG_CONFIG_HOME");
    Path folder =
        home == null || home.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".config")
            : Path.of(home);
    return folder.resolve("stele").resolve("login.json");
  }

  /** The one that was saved. */
  static Optional<Login> load() throws IOException {
    return load(file());
  }

  /**
   * Reads a file.
   *
   * @throws IOException if others may read it, or it says nothing; the message is fit for people
   */
  static Optional<Login> load(Path file) throws IOException {
    JsonNode saved;
    try {
      if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file))) {
        throw new IOException(
            "others may use %s, which has a password: chmod 600 it, and change the password if somebody may have read it"
                .formatted(file));
      }
      saved = JSON.readTree(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      throw new IOException("%s is damaged: log in again, or remove it".formatted(file), e);
    }
    if (!saved.path("server").isTextual()) {
      throw new IOException("%s names no server: log in again, or remove it".formatted(file));
    }
    return Optional.of(
        new Login(
            saved.get("server").asText(),
            saved.path("user").asText(),
            saved.path("password").asText()));
  }

  /** Writes it to a file. */
  void save(Path file) throws IOException {
    Files.createDirectories(
        file.toAbsolutePath().getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    LocalAccess.replace(
        file,
        JSON.writerWithDefaultPrettyPrinter()
            .writeValueAsBytes(Map.of("server", server, "user", user, "password", password)));
  }

  /** Without the password. */
  @Override
  public String toString() {
    return user.isEmpty() ? server : user + " at " + server;
  }
}
