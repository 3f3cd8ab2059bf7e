package dev.stele.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures what it costs to know who asks, and whether they may. */
@Command(
    name = "access",
    description = {
      "Measures what it costs to know who asks, and whether they may.",
      "Manifests by tag from a server with a policy of 50 rules, by clients without a name, with a"
          + " password and with a token, in turn with one that lets everybody in."
    },
    mixinStandardHelpOptions = true)
final class BenchAccess implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Where the registries keep their data meanwhile (default: ${DEFAULT-VALUE}).",
      defaultValue = ".")
  private Path work;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Length of one measurement (default: ${DEFAULT-VALUE}).",
      defaultValue = "5")
  private int seconds;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each is measured, in turn (default: ${DEFAULT-VALUE}).",
      defaultValue = "5")
  private int rounds;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (seconds < 1 || seconds > 120 || rounds < 1) {
      throw new ParameterException(
          spec.commandLine(), "--seconds must be 1 to 120, and --rounds at least 1");
    }
    Files.createDirectories(work);
    Path folder = Files.createTempDirectory(work, "stele-bench");
    try {
      AccessCost.run(
          folder,
          Duration.ofSeconds(seconds),
          rounds,
          new PrintStream(System.out, true, StandardCharsets.UTF_8));
    } finally {
      TemporaryFolder.delete(folder);
    }
    return 0;
  }
}
