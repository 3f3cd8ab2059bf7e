package dev.stele.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Measures Stele and, where they are on the PATH, Debian's docker-registry and zot: the same client
 * code, the same work, in turn (A B A B), and prints the medians with their ratios. All run during
 * the whole benchmark, each idle while another works.
 */
final class Benchmark {
  /**
   * How much to measure.
   *
   * @param rounds how often each row is measured on each registry; an odd number has a true median
   * @param blobSize of the large blob, in bytes, a multiple of 1 MiB
   * @param connections for the rows with many clients
   * @param duration of one measurement of those rows
   * @param warmUp before their first measurement, on each registry
   * @param rows what the title of a row must contain for it to be measured; empty for all
   * @param jvmOptions for Stele's own process, beside those of this one
   */
  public record Options(
      int rounds,
      long blobSize,
      int connections,
      Duration duration,
      Duration warmUp,
      String rows,
      List<String> jvmOptions) {
    public Options {
      if (rounds < 1 || connections < 1) {
        throw new IllegalArgumentException("rounds and connections must be at least 1");
      }
      if (blobSize < 1 << 20 || blobSize % (1 << 20) != 0) {
        throw new IllegalArgumentException(
            "the blob's size must be a positive multiple of 1 MiB, not " + blobSize);
      }
      jvmOptions = List.copyOf(jvmOptions);
    }

    /** Three rounds, a blob of 1 GiB, 16 connections, 5 seconds each after 5 of warming up. */
    public static Options standard() {
      return new Options(
          3, 1L << 30, 16, Duration.ofSeconds(5), Duration.ofSeconds(5), "", List.of());
    }
  }

  private static final int SOME = 4;
  private static final int UPLOADS_AT_ONCE = 8;

  /** What is compared with the large blob, in bytes; more than a part of an S3 multipart upload. */
  private static final long SMALL_BLOB = 10 << 20;

  private Benchmark() {}

  /**
   * Runs the benchmark and prints its tables.
   *
   * @param workFolder an existing folder with space for forty of the large blobs, and for what is
   *     pushed in {@code duration}; what is written goes to a new folder below it, which is removed
   *     at the end
   * @return the exit status of the program: 0, since a slow result is no failure
   * @throws IOException if a registry cannot be started, or refuses or spoils something
   */
  public static int run(Path workFolder, PrintStream out, Options options)
      throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory(workFolder, "stele-bench");
    List<RegistryUnderTest> registries = new ArrayList<>();
    try {
      PhysicalFloor floor = PhysicalFloor.measure(folder, options.blobSize());
      out.printf(
          "This machine: %d cores; write + fsync %.0f MiB/s, sha256 on one core %.0f MiB/s,"
              + " loopback %.0f MiB/s%n%n",
          Runtime.getRuntime().availableProcessors(),
          floor.write(),
          floor.sha256(),
          floor.loopback());
      registries.add(
          RegistryUnderTest.stele(folder.resolve("stele"), options.jvmOptions(), Map.of()));
      RegistryUnderTest.dockerRegistry(folder.resolve("docker-registry"))
          .ifPresent(registries::add);
      RegistryUnderTest.zot(folder.resolve("zot")).ifPresent(registries::add);
      if (registries.size() == 1) {
        out.println(
            "Neither docker-registry nor zot is on the PATH, so there is nothing to compare with.");
      }
      ResultTable table =
          new ResultTable(registries.stream().map(RegistryUnderTest::name).toList());
      for (Workload workload : workloads(options)) {
        table.add(workload, measure(workload, registries, options.rounds(), out));
      }
      out.println();
      table.print(out);
      return 0;
    } finally {
      for (RegistryUnderTest registry : registries) {
        registry.close();
      }
      TemporaryFolder.delete(folder);
    }
  }

  private static List<Workload> workloads(Options options) {
    Duration time = options.duration();
    Duration warm = options.warmUp();
    int many = options.connections();
    return Stream.<Workload>of(
            BlobWorkload.push(options.blobSize()),
            BlobWorkload.pull(1, options.blobSize()),
            BlobWorkload.pull(SOME, options.blobSize()),
            BlobWorkload.pushMany(SOME, options.blobSize()),
            BlobWorkload.pushMany(UPLOADS_AT_ONCE, options.blobSize()),
            BlobWorkload.finish(SMALL_BLOB),
            BlobWorkload.finish(options.blobSize()),
            BlobTraffic.pushes(UPLOADS_AT_ONCE, 1, time, warm),
            BlobTraffic.pushes(UPLOADS_AT_ONCE, 10, time, warm),
            BlobTraffic.pushes(UPLOADS_AT_ONCE, 100, time, warm),
            BlobTraffic.mixed(UPLOADS_AT_ONCE, 1, time, warm),
            BlobTraffic.pulls(UPLOADS_AT_ONCE, 1, time, warm),
            BlobTraffic.pulls(UPLOADS_AT_ONCE, 10, time, warm),
            SmallReads.byTag(many, time, warm),
            SmallReads.byDigest(many, time, warm),
            SmallReads.blobHeads(many, time, warm),
            new SmallPushes(many, 1, time, warm),
            new SmallPushes(many, 100, time, warm),
            new TagPuts(many, time, warm),
            SmallReads.tagList(many, time, warm),
            SmallReads.catalog(many, time, warm))
        .filter(workload -> workload.title().contains(options.rows()))
        .toList();
  }

  /** The rates of each registry, round by round. */
  private static List<List<Workload.Measured>> measure(
      Workload workload, List<RegistryUnderTest> registries, int rounds, PrintStream out)
      throws IOException, InterruptedException {
    List<List<Workload.Measured>> rates = new ArrayList<>();
    registries.forEach(registry -> rates.add(new ArrayList<>()));
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < registries.size(); i++) {
        RegistryUnderTest registry = registries.get(i);
        workload.prepare(registry, round);
        Workload.Measured rate = workload.measure(registry, round);
        rates.get(i).add(rate);
        out.printf(
            "round %d: %s: %s: %s %s%n",
            round + 1, workload.title(), registry.name(), rate, workload.unit());
      }
    }
    return rates;
  }
}
