package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;

/**
 * A wall clock that can be set, for processes that are started with its variables, and for what
 * those start: libfaketime, of Debian's package {@code faketime}. Clocks that do not follow the
 * wall clock are left alone.
 */
final class FakeClock {
  private final Path file;
  private final String library;

  /** A clock that is right, and is set by a file in a folder. */
  FakeClock(Path folder) throws IOException, InterruptedException {
    this.file = folder.resolve("clock");
    this.library = library();
    set("+0");
  }

  /** Where the library is, as the program that comes with it knows. */
  private static String library() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("faketime", "-m", "-f", "+1d", "printenv", "LD_PRELOAD")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    if (process.waitFor() != 0 || !output.contains("faketime")) {
      throw new AssertionError("faketime does not say where its library is: " + output);
    }
    return output;
  }

  /**
   * Sets it.
   *
   * @param offset from the right time, such as {@code +10m}, {@code -2d} or {@code +0}
   */
  void set(String offset) throws IOException {
    Path next = file.resolveSibling("clock.next");
    Files.writeString(next, offset + "\n");
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The variables of a process that is to have this clock. */
  Map<String, String> environment() {
    return environment(Map.of());
  }

  /** The same beside others. */
  Map<String, String> environment(Map<String, String> others) {
    Map<String, String> environment = new HashMap<>(others);
    environment.put("LD_PRELOAD", library);
    environment.put("FAKETIME_TIMESTAMP_FILE", file.toString());
    environment.put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    // What it does for old C libraries makes each wait with a limit take a second and more.
    environment.put("FAKETIME_FORCE_MONOTONIC_FIX", "0");
    environment.put("FAKETIME_CACHE_DURATION", "1"); // seconds
    return environment;
  }
}
