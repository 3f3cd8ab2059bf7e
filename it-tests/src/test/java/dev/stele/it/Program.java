package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A client program that is installed on this machine. Immutable.
 *
 * @param options what goes before the arguments of every call
 */
record Program(Path executable, List<String> options, Map<String, String> environment) {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  Program {
    options = List.copyOf(options);
    environment = Map.copyOf(environment);
  }

  /**
   * The program of that name on the PATH. Where it is missing the test is aborted and says so; in
   * continuous integration (CI=true) it must be there and the test fails.
   */
  static Program onPath(String name) {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String folder : path.split(File.pathSeparator, -1)) {
      Path candidate = Path.of(folder, name);
      if (Files.isExecutable(candidate)) {
        return new Program(candidate, List.of(), Map.of());
      }
    }
    String missing = name + " is not on the PATH, so nothing was tested with it";
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(missing);
    }
    return abort(missing);
  }

  /** The same program with options before the arguments. */
  Program with(String... moreOptions) {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of(moreOptions));
    return new Program(executable, all, environment);
  }

  /** The same program with an environment variable. */
  Program withEnvironment(String name, String value) {
    Map<String, String> all = new HashMap<>(environment);
    all.put(name, value);
    return new Program(executable, options, all);
  }

  /**
   * Runs the program and returns what it wrote to its standard output.
   *
   * @throws AssertionError with all that it wrote, if it fails or takes longer than two minutes
   */
  String run(Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(executable.toString());
    command.addAll(options);
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Path output = Files.createTempFile("program", ".out");
    Path errors = Files.createTempFile("program", ".err");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      process.getOutputStream().close();
      boolean ended = process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly().waitFor();
      }
      String written = Files.readString(output, UTF_8);
      if (!ended || process.exitValue() != 0) {
        throw new AssertionError(
            "%s: %s%n%s%s"
                .formatted(
                    String.join(" ", command),
                    ended ? "exit status " + process.exitValue() : "not done in " + TIMEOUT,
                    written,
                    Files.readString(errors, UTF_8)));
      }
      return written;
    } finally {
      Files.delete(output);
      Files.delete(errors);
    }
  }
}
