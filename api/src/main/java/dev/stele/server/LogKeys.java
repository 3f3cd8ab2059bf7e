package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.blob.FileFailure;
import dev.stele.blob.OwnerOnly;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.TrustPolicy;
import dev.stele.server.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The keys that sign the log, in a file that only its owner may read: a line with the log's name,
 * and the keys in PEM.
 */
public final class LogKeys {
  private static final Pattern NAME = Pattern.compile("\\ALog: (\\S+)\\R");

  private LogKeys() {}

  /**
   * The keys of a configuration, which are made if there are none.
   *
   * @throws StartupException if they cannot be read or made, or are another log's
   */
  static List<SigningKey> open(Configuration.Evidence settings) throws StartupException {
    Optional<List<SigningKey>> found = read(settings);
    return found.isPresent() ? found.get() : make(settings);
  }

  /**
   * The same; empty if there are none.
   *
   * @throws StartupException if they cannot be read, or are another log's
   */
  public static Optional<List<SigningKey>> read(Configuration.Evidence settings)
      throws StartupException {
    Path file = settings.keys();
    try {
      if (!EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE)
          .containsAll(Files.getPosixFilePermissions(file))) {
        throw unusable(file, "others may read or change it: chmod 600 it");
      }
      String text = Files.readString(file);
      Matcher name = NAME.matcher(text);
      if (!name.find()) {
        throw unusable(file, "its first line must be \"Log: \" and what the log is called");
      }
      if (settings.name().filter(other -> !other.equals(name.group(1))).isPresent()) {
        throw unusable(
            file,
            "they sign for %s, and evidence.name says %s: a log keeps its name"
                .formatted(name.group(1), settings.name().get()));
      }
      return Optional.of(SigningKey.parse(name.group(1), text.substring(name.end())));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw unusable(file, FileFailure.reason(e));
    } catch (IllegalArgumentException e) {
      throw unusable(file, e.getMessage());
    }
  }

  /**
   * Which checkpoints of the log count.
   *
   * @throws StartupException if there are no keys, or they cannot be read
   */
  public static TrustPolicy policy(Configuration.Evidence settings) throws StartupException {
    List<SigningKey> keys =
        read(settings)
            .orElseThrow(
                () ->
                    new StartupException(
                        "evidence.keys: there are no keys in %s yet; a server makes them when it starts"
                            .formatted(settings.keys())));
    return settings.witnesses().of(keys.stream().map(SigningKey::verifier).toList());
  }

  private static List<SigningKey> make(Configuration.Evidence settings) throws StartupException {
    String name = settings.name().orElseGet(() -> "stele/" + UUID.randomUUID());
    List<SigningKey> keys =
        Stream.of(KeyType.ED25519, KeyType.ML_DSA_44)
            .map(type -> SigningKey.generate(name, type))
            .toList();
    try {
      OwnerOnly.replace(
          settings.keys(),
          keys.stream()
              .map(SigningKey::pem)
              .collect(Collectors.joining("", "Log: " + name + "\n", ""))
              .getBytes(UTF_8));
    } catch (IOException e) {
      throw unusable(settings.keys(), "they cannot be made: " + FileFailure.reason(e));
    }
    return keys;
  }

  private static StartupException unusable(Path file, String why) {
    return new StartupException(
        "evidence.keys: the keys of the log in %s cannot be used: %s".formatted(file, why));
  }
}
