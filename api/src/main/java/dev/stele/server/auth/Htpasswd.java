package dev.stele.server.auth;

import dev.stele.event.Event.UserChanged.Change;
import dev.stele.event.Identity;
import dev.stele.event.RobotName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The content of an htpasswd file: bcrypt hashes by user name. */
final class Htpasswd {
  private static final Pattern BCRYPT =
      Pattern.compile("\\$2[aby]\\$(0[4-9]|[12][0-9]|3[01])\\$[./A-Za-z0-9]{53}");

  private final Map<String, String> hashes;

  private Htpasswd(Map<String, String> hashes) {
    this.hashes = Map.copyOf(hashes);
  }

  /**
   * Reads a file, one {@code name:hash} a line; empty lines and those that begin with # are
   * skipped.
   *
   * @throws IOException if it cannot be read, or a line is anything else (the message names the
   *     line, never its content)
   */
  static Htpasswd read(Path file) throws IOException {
    Map<String, String> hashes = new HashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      String where = file + ", line " + (i + 1) + ": ";
      if (colon <= 0) {
        throw new IOException(where + "expected name:hash");
      }
      if (line.startsWith(Identity.NOBODY.name() + ":")) {
        throw new IOException(where + "nobody can be called " + Identity.NOBODY.name());
      }
      if (RobotName.isReserved(line)) {
        throw new IOException(
            where
                + "names that begin with robot+ are those of robots, which stele robot create"
                + " makes");
      }
      String hash = line.substring(colon + 1);
      if (!BCRYPT.matcher(hash).matches()) {
        throw new IOException(
            where
                + "only bcrypt hashes are accepted ($2a$, $2b$ or $2y$; make one with htpasswd"
                + " -B)");
      }
      if (!SignedIn.isName(line.substring(0, colon))) {
        throw new IOException(
            where
                + "a name has at most %d characters, and none that cannot be seen"
                    .formatted(SignedIn.LONGEST_NAME));
      }
      if (hashes.put(line.substring(0, colon), hash) != null) {
        throw new IOException(where + "this user is there already");
      }
    }
    return new Htpasswd(hashes);
  }

  /** What is otherwise in another. */
  Map<String, Change> changesTo(Htpasswd next) {
    Map<String, Change> changes = new TreeMap<>();
    hashes.forEach(
        (user, hash) -> {
          if (!next.hashes.containsKey(user)) {
            changes.put(user, Change.REMOVED);
          } else if (!next.hashes.get(user).equals(hash)) {
            changes.put(user, Change.PASSWORD);
          }
        });
    next.hashes.keySet().stream()
        .filter(user -> !hashes.containsKey(user))
        .forEach(user -> changes.put(user, Change.ADDED));
    return changes;
  }

  boolean isEmpty() {
    return hashes.isEmpty();
  }

  Optional<String> hash(String user) {
    return Optional.ofNullable(hashes.get(user));
  }

  /**
   * The hash of somebody, to be looked at in the place of that of a user who is not here: hashes
   * may cost differently, and a cost that no user has, or another one each time, would tell that
   * there is none. Who cannot read the file cannot know whose it is.
   */
  Optional<String> inPlaceOf(String unknown) {
    if (hashes.isEmpty()) {
      return Optional.empty();
    }
    List<String> all = hashes.values().stream().sorted().toList();
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest((all.getFirst() + unknown).getBytes(StandardCharsets.UTF_8));
      return Optional.of(all.get(Math.floorMod(ByteBuffer.wrap(digest).getInt(), all.size())));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
