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

/** Measures what questions about a long record cost. */
@Command(
    name = "queries",
    description = {
      "Measures how long questions about a long record take.",
      "Writes a made-up record through the append lane, waits for the views, and asks over HTTP."
          + " Five million events need some 11 GiB and up to an hour to write and follow."
    },
    mixinStandardHelpOptions = true)
final class BenchQueries implements Callable<Integer> {
  private static final long LEAST = 10_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Where the registry keeps its data meanwhile (default: ${DEFAULT-VALUE}).",
      defaultValue = ".")
  private Path work;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description =
          "Keep the registry's data in this folder, and use what an earlier run left there.")
  private Path keep;

  @Option(
      names = "--events",
      paramLabel = "N",
      description = "How long the record is (default: ${DEFAULT-VALUE}).",
      defaultValue = "5000000")
  private long events;

  @Option(
      names = "--clients",
      paramLabel = "N",
      description = "How many ask at once (default: ${DEFAULT-VALUE}).",
      defaultValue = "8")
  private int clients;

  @Override
  public Integer call()
      throws ConfigurationException, StartupException, IOException, InterruptedException {
    if (events < LEAST || clients < 1) {
      throw new ParameterException(
          spec.commandLine(), "--events must be at least %,d, and --clients 1".formatted(LEAST));
    }
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (keep != null) {
      try {
        QueryCost.run(keep, events, clients, out);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), e.getMessage(), e);
      }
      return 0;
    }
    Files.createDirectories(work);
    Path folder = Files.createTempDirectory(work, "stele-bench");
    try {
      QueryCost.run(folder, events, clients, out);
    } finally {
      TemporaryFolder.delete(folder);
    }
    return 0;
  }
}
