package dev.stele.bench;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.Database;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.event.Cause;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.projection.ManifestDocuments;
import dev.stele.registry.Caller;
import dev.stele.registry.Commands;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.RegistryParts;
import dev.stele.server.Node;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What questions about a long record cost: writes one through the append lane, lets the views catch
 * up, and asks over HTTP with several clients at once.
 */
final class QueryCost {
  private static final long SEED = 1;
  private static final int EVENTS_A_REPOSITORY = 2500;
  private static final int DIFFERENT_QUESTIONS = 2000;

  /** The record stays as it was written: neither pulls nor collections are added to it. */
  private static final Map<String, String> QUIET =
      Map.of("STELE_GC_ENABLED", "false", "STELE_PULLS_RECORD", "off");

  /** A view that takes several events at once leaves fewer than this for the next time. */
  static final int MOST_LEFT = 64;

  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration DURATION = Duration.ofSeconds(15);

  /** Appends what was made up: it decides nothing. */
  private record AppendBatch(
      Initiator initiator, List<GeneratedRecord.Step> steps, ManifestDocuments documents)
      implements Command<Integer> {
    @Override
    public Integer decide(Decision decision) {
      for (GeneratedRecord.Step step : steps) {
        step.document()
            .ifPresent(
                document ->
                    decision.write(
                        documents,
                        ManifestDocuments.Document.read(
                            Digest.of(Digest.Algorithm.SHA256, document), document)));
        decision.append(step.event(), Cause.CLIENT_REQUEST);
      }
      return steps.size();
    }
  }

  /** A kind of question. */
  private record Question(String title, Supplier<String> target) {}

  private final GeneratedRecord record;
  private final long events;
  private final PrintStream out;

  private QueryCost(GeneratedRecord record, long events, PrintStream out) {
    this.record = record;
    this.events = events;
    this.out = out;
  }

  /**
   * Measures and prints.
   *
   * @param folder for the registry's data: absent or empty, or what an earlier run with as many
   *     events left, which is asked again
   * @param events how long the record is to be, at least; a batch more at most
   * @param clients how many ask at once
   * @throws IllegalArgumentException if the folder has another record
   */
  public static void run(Path folder, long events, int clients, PrintStream out)
      throws ConfigurationException, StartupException, IOException, InterruptedException {
    int repositories = (int) Math.max(1, events / EVENTS_A_REPOSITORY);
    QueryCost cost = new QueryCost(new GeneratedRecord(SEED, repositories), events, out);
    Files.createDirectories(folder);
    long written = cost.fill(folder.resolve("data"));
    cost.ask(folder, written, clients);
  }

  private long fill(Path data)
      throws ConfigurationException, StartupException, IOException, InterruptedException {
    try (Node node =
        Node.serve(
            ConfigurationReader.load(Optional.empty(), QUIET, Map.of("data", data.toString()))
                .configuration())) {
      Registry registry = node.registry();
      long there = registry.archive().read(LogReader::nextPosition);
      long started = System.nanoTime();
      long written = there == 0 ? write(registry, data) : remember();
      if (there != 0 && there != written) {
        throw new IllegalArgumentException(
            "%s has a record of %,d events, not of %,d; remove it or name another folder"
                .formatted(data, there, written));
      }
      if (there == 0) {
        double seconds = BlobWorkload.seconds(started);
        out.printf(
            "%,d events written through the lane, %.0f a second%n", written, written / seconds);
      }
      long behind = System.nanoTime();
      awaitViews(registry, written);
      out.printf("all views had them %.1f s later%n", BlobWorkload.seconds(behind));
      weigh(registry, written);
      return written;
    }
  }

  private static void awaitViews(Registry registry, long events) throws InterruptedException {
    while (events - followed(registry) > MOST_LEFT) {
      Thread.sleep(100);
    }
  }

  /** How much of the database an event takes, with all that the views keep of it. */
  private void weigh(Registry registry, long written) {
    double all = bytes(registry, "true") / written;
    double log =
        bytes(
                registry,
                "c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'event'::regclass)")
            / written;
    out.printf(
        "an event takes %,.0f bytes of the database, of which %,.0f are the log; 10 million take"
            + " %,.1f GB, a billion %,.1f TB%n",
        all, log, all * 1e7 / 1e9, all * 1e9 / 1e12);
  }

  private static double bytes(Registry registry, String condition) {
    return registry
        .archive()
        .read(
            handle ->
                handle
                    .createQuery(
                        """
                        SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
                        FROM pg_class c
                        WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'event'::regclass)
                          AND %s
                        """
                            .formatted(condition))
                    .mapTo(Double.class)
                    .one());
  }

  /**
   * One batch after the other, since what a repository's next events are follows from these: by a
   * lane beside the node's, which is not handed out.
   */
  private long write(Registry registry, Path data) throws IOException, InterruptedException {
    EmbeddedPostgres.Address address =
        EmbeddedPostgres.running(data.resolve("postgresql")).orElseThrow();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    ManifestDocuments documents = new ManifestDocuments();
    try (Database database =
            Database.openAsItIs(
                new Database.Settings(address.jdbcUrl(), address.user(), address.password(), 2),
                meters);
        BlobStore store = DiskBlobStore.beside(data.resolve("blobs"));
        RegistryParts parts =
            new RegistryParts(
                database.jdbi(),
                database.audit(),
                database::openDedicated,
                new BlobStores(store),
                RegistryOptions.DEFAULT,
                meters)) {
      Commands commands = parts.commands();
      double empty = bytes(registry, "true");
      long written = 0;
      for (GeneratedRecord.Batch batch : record.images()) {
        written += append(commands, batch, documents);
      }
      awaitViews(registry, written);
      out.printf(
          "an image of 4 layers takes %,.0f bytes of the database%n",
          (bytes(registry, "true") - empty) / GeneratedRecord.IMAGES);
      while (written < events) {
        written += append(commands, record.next(), documents);
      }
      return written;
    }
  }

  private static int append(
      Commands commands, GeneratedRecord.Batch batch, ManifestDocuments documents) {
    return commands.append(
        new AppendBatch(
            commands.initiator(new Caller(batch.actor(), "batch")), batch.steps(), documents));
  }

  /** Brings the model to where it was when the record had been written. */
  private long remember() {
    long written = record.images().stream().mapToLong(batch -> batch.steps().size()).sum();
    while (written < events) {
      written += record.next().steps().size();
    }
    return written;
  }

  /** How far the view is that is the furthest behind. */
  static long followed(Registry registry) {
    return registry
        .archive()
        .read(
            handle ->
                handle
                    .createQuery("SELECT coalesce(min(next_position), 0) FROM log_checkpoint")
                    .mapTo(Long.class)
                    .one());
  }

  private void ask(Path folder, long written, int clients)
      throws IOException, InterruptedException {
    Random random = new Random(SEED);
    List<Question> questions =
        List.of(
            new Question(
                "tag at an instant",
                () -> {
                  long position = written - 1 - random.nextLong(written / 10);
                  return "/v2/at/p%d/%s/manifests/%s"
                      .formatted(position, record.repository(position), GeneratedRecord.moving());
                }),
            new Question(
                "tag history",
                () ->
                    "/api/v1/repositories/%s/-/tags/%s/history"
                        .formatted(record.repository(), GeneratedRecord.moving())),
            new Question(
                "a digest's life", () -> "/api/v1/digests/%s".formatted(record.manifest())),
            new Question(
                "newest events: of a type in a namespace",
                () ->
                    "/api/v1/events?order=desc&type=TagDeleted&repository=%s/**"
                        .formatted(record.repository().routePrefix())),
            new Question(
                "newest events: what an actor pushed",
                () ->
                    "/api/v1/events?order=desc&type=ManifestPut&actor=%s"
                        .formatted(record.actor())),
            new Question(
                "newest events: of a digest",
                () -> "/api/v1/events?order=desc&digest=%s".formatted(record.manifest())));
    try (RegistryUnderTest registry = RegistryUnderTest.stele(folder, List.of(), QUIET)) {
      out.printf(
          "%n%,d events, %d clients%n%-42s %8s %8s %8s %10s%n",
          written, clients, "", "p50 ms", "p95 ms", "p99 ms", "requests/s");
      for (Question question : questions) {
        ask(registry, question, clients);
      }
    }
  }

  private void ask(RegistryUnderTest registry, Question question, int clients)
      throws IOException, InterruptedException {
    List<String> targets = Stream.generate(question.target()).limit(DIFFERENT_QUESTIONS).toList();
    Latencies.Request request =
        (connection, number) ->
            connection.send("GET", targets.get(number % targets.size()), "").expect(200);
    Latencies.measure(registry, clients, WARM_UP, request);
    Latencies measured = Latencies.measure(registry, clients, DURATION, request);
    out.printf(
        "%-42s %8.1f %8.1f %8.1f %10.0f%n",
        question.title(),
        measured.percentile(0.5),
        measured.percentile(0.95),
        measured.percentile(0.99),
        measured.rate());
  }
}
