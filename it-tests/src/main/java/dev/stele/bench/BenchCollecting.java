package dev.stele.bench;

import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures what collecting costs. */
@Command(
    name = "collecting",
    description = {
      "Measures what collecting costs.",
      "How long 1,000 deletions take to become collectable in a small and in a large repository,"
          + " and how fast manifests and blobs are collected. Takes some minutes and 2 GiB."
    },
    mixinStandardHelpOptions = true)
final class BenchCollecting implements Callable<Integer> {
  private static final int LEAST = 3000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Where the registry keeps its data meanwhile (default: ${DEFAULT-VALUE}).",
      defaultValue = ".")
  private Path work;

  @Option(
      names = "--small",
      paramLabel = "N",
      description = "Manifests of the small repository (default: ${DEFAULT-VALUE}).",
      defaultValue = "10000")
  private int small;

  @Option(
      names = "--large",
      paramLabel = "N",
      description = "Manifests of the large repository (default: ${DEFAULT-VALUE}).",
      defaultValue = "200000")
  private int large;

  @Option(
      names = "--blobs",
      paramLabel = "N",
      description = "How many unused blobs are swept (default: ${DEFAULT-VALUE}).",
      defaultValue = "5000")
  private int blobs;

  @Override
  public Integer call()
      throws ConfigurationException, StartupException, IOException, InterruptedException {
    if (small < LEAST || large < LEAST || blobs < 1) {
      throw new ParameterException(
          spec.commandLine(), "--small and --large must be at least " + LEAST + ", and --blobs 1");
    }
    Files.createDirectories(work);
    Path folder = Files.createTempDirectory(work, "stele-bench");
    try {
      CollectingCost.run(
          folder.resolve("data"),
          small,
          large,
          blobs,
          new PrintStream(System.out, true, StandardCharsets.UTF_8));
    } finally {
      TemporaryFolder.delete(folder);
    }
    return 0;
  }
}
