package dev.stele.blob;

import dev.stele.oci.Digest;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The hash states of upload sessions, by their files, between two chunks: at most {@value
 * #CAPACITY}, those used last. A session whose state is gone is hashed again from its file, so this
 * only saves time. Safe for use by several threads.
 */
final class RunningHashes {
  /** At well under a kilobyte each, a few megabytes. */
  private static final int CAPACITY = 10_000;

  /** The hash of the first {@code size} bytes, not finished. Its holder alone may change it. */
  record RunningHash(Digest.Algorithm algorithm, MessageDigest state, long size) {}

  private final SequencedMap<Path, RunningHash> hashes = new LinkedHashMap<>();

  /** Hands the state over to the caller, who alone has it from now on. */
  synchronized Optional<RunningHash> take(Path session) {
    return Optional.ofNullable(hashes.remove(session));
  }

  synchronized void keep(Path session, RunningHash hash) {
    hashes.put(session, hash);
    if (hashes.size() > CAPACITY) {
      hashes.pollFirstEntry();
    }
  }

  synchronized void clear() {
    hashes.clear();
  }
}
