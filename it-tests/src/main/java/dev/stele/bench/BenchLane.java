package dev.stele.bench;

import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
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

/** Measures the append lane alone. */
@Command(
    name = "lane",
    description = {
      "Measures the append lane alone.",
      "How many manifests a second are put, without HTTP, how far the views are behind then, and"
          + " how many rows a second PostgreSQL commits one by one on the same disk."
    },
    mixinStandardHelpOptions = true)
final class BenchLane implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Where the registry keeps its data meanwhile (default: ${DEFAULT-VALUE}).",
      defaultValue = ".")
  private Path work;

  @Option(
      names = "--submitters",
      paramLabel = "N",
      description = "How many put manifests at once (default: ${DEFAULT-VALUE}).",
      defaultValue = "64")
  private int submitters;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Length of one measurement (default: ${DEFAULT-VALUE}).",
      defaultValue = "10")
  private int seconds;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each is measured, in turn (default: ${DEFAULT-VALUE}).",
      defaultValue = "3")
  private int rounds;

  @Override
  public Integer call()
      throws ConfigurationException, StartupException, IOException, InterruptedException {
    if (submitters < 1 || submitters > 80 || seconds < 1 || rounds < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "--submitters must be 1 to 80, and --seconds and --rounds at least 1");
    }
    Files.createDirectories(work);
    Path folder = Files.createTempDirectory(work, "stele-bench");
    try {
      LaneCost.run(
          folder,
          submitters,
          Duration.ofSeconds(seconds),
          rounds,
          new PrintStream(System.out, true, StandardCharsets.UTF_8));
    } finally {
      TemporaryFolder.delete(folder);
    }
    return 0;
  }
}
