package dev.stele.bench;

import dev.stele.cli.Stele;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The program {@code stele bench}: measures this registry beside others. Not part of the product,
 * so that nobody installs it with that; the launcher is its door.
 */
@Command(
    name = "stele bench",
    description = {
      "Measures Stele and, where they are on the PATH, Debian's docker-registry and zot: the same"
          + " client code, in turn, in one run.",
      "Needs space for forty of the large blobs in the work folder, and for what can be pushed in"
          + " about a minute.",
      "Stele is configured by the environment, so that STELE_STORES_DEFAULT_... measures it on a"
          + " bucket."
    },
    subcommands = {BenchLane.class, BenchCollecting.class, BenchQueries.class, BenchAccess.class},
    mixinStandardHelpOptions = true)
public final class Bench implements Callable<Integer> {
  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Where the registries keep their data meanwhile (default: ${DEFAULT-VALUE}).",
      defaultValue = ".")
  private Path work;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each row is measured on each registry (default: ${DEFAULT-VALUE}).",
      defaultValue = "3")
  private int rounds;

  @Option(
      names = "--blob-mib",
      paramLabel = "MIB",
      description = "Size of the large blob (default: ${DEFAULT-VALUE}).",
      defaultValue = "1024")
  private long blobMebibytes;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description =
          "Length of one measurement, and of the warm-up before the first, in the rows with many"
              + " clients (default: ${DEFAULT-VALUE}).",
      defaultValue = "5")
  private int seconds;

  @Option(
      names = "--rows",
      paramLabel = "TEXT",
      description = "Only the rows with this in their title, such as 'finish' (default: all).",
      defaultValue = "")
  private String rows;

  @Option(
      names = "--heap-mib",
      paramLabel = "MIB",
      description = "The heap of Stele's process (default: what its JVM takes).")
  private Integer heapMebibytes;

  public static void main(String[] arguments) {
    Stele.runAndExit(() -> new CommandLine(new Bench()), arguments);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Benchmark.Options standard = Benchmark.Options.standard();
    Benchmark.Options options =
        new Benchmark.Options(
            rounds,
            blobMebibytes << 20,
            standard.connections(),
            Duration.ofSeconds(seconds),
            Duration.ofSeconds(seconds),
            rows,
            heapMebibytes == null ? List.of() : List.of("-Xmx" + heapMebibytes + "m"));
    Files.createDirectories(work);
    return Benchmark.run(work, new PrintStream(System.out, true, StandardCharsets.UTF_8), options);
  }
}
