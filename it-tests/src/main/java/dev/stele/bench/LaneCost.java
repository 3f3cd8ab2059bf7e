package dev.stele.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.database.EmbeddedPostgres;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.Registry;
import dev.stele.server.Node;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the append lane does alone, with all its views but without HTTP and blobs: manifests that
 * are put, each under a tag of its own. Beside it, in the same run, the floor: rows that PostgreSQL
 * commits one by one for as many clients.
 */
final class LaneCost {
  private static final Caller CALLER = new Caller("bench", "bench");
  private static final Map<String, String> SPARSE = Map.of("STELE_MANIFESTS_SPARSE", "true");

  private LaneCost() {}

  /**
   * Measures and prints.
   *
   * @param folder an existing one for data, in which neither {@code data} nor {@code floor} exists
   * @param submitters how many put manifests, or rows, at once
   * @param duration of one measurement
   * @param rounds how often each is measured, in turn
   */
  public static void run(
      Path folder, int submitters, Duration duration, int rounds, PrintStream out)
      throws ConfigurationException, StartupException, IOException, InterruptedException {
    try (Node node =
            Node.serve(
                ConfigurationReader.load(
                        Optional.empty(), SPARSE, Map.of("data", folder.resolve("data").toString()))
                    .configuration());
        EmbeddedPostgres floor = EmbeddedPostgres.start(folder.resolve("floor"))) {
      prepare(floor);
      Registry registry = node.registry();
      for (int round = 1; round <= rounds; round++) {
        String layer = "layer of round " + round;
        double commands =
            Concurrent.steps(submitters, duration, number -> new Putter(registry, number, layer))
                .rate();
        long written = registry.archive().read(LogReader::nextPosition);
        long behind = written - QueryCost.followed(registry);
        double caughtUp = followUp(registry, written);
        double inserts = Concurrent.steps(submitters, duration, _ -> new Inserter(floor)).rate();
        out.printf(
            "round %d: %,.0f commands a second by %d submitters; the slowest view was %,d events"
                + " behind, and had them %.1f s later; PostgreSQL commits %,.0f rows a second one"
                + " by one: %.2fx%n",
            round, commands, submitters, behind, caughtUp, inserts, commands / inserts);
      }
    }
  }

  private static double followUp(Registry registry, long written) throws InterruptedException {
    long started = System.nanoTime();
    while (written - QueryCost.followed(registry) > QueryCost.MOST_LEFT) {
      Thread.sleep(10);
    }
    return BlobWorkload.seconds(started);
  }

  /** Puts manifests that differ in what they say of themselves. */
  private record Putter(Registry registry, int number, String layer) implements Concurrent.Client {
    @Override
    public void step(int step) {
      byte[] manifest =
          "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s],\"annotations\":{\"n\":\"%d of %d\"}}"
              .formatted(
                  MediaTypes.OCI_IMAGE,
                  descriptor(layer + " configuration " + number),
                  descriptor(layer),
                  step,
                  number)
              .getBytes(UTF_8);
      Outcome<?> outcome =
          registry.putManifest(
              CALLER,
              RepositoryName.parse("bench/lane"),
              Tag.parse("of-" + number + "." + step % 1_000),
              MediaTypes.OCI_IMAGE,
              manifest,
              List.of());
      if (outcome instanceof Outcome.Refused<?> refused) {
        throw new IllegalStateException("the registry refused: " + refused);
      }
    }

    private static String descriptor(String content) {
      return "{\"mediaType\":\"application/octet-stream\",\"digest\":\"%s\",\"size\":1}"
          .formatted(Digest.of(Digest.Algorithm.SHA256, content.getBytes(UTF_8)));
    }

    @Override
    public void close() {}
  }

  private static void prepare(EmbeddedPostgres floor) throws IOException {
    try (Connection connection = connect(floor);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE floor (number bigint, text text)");
    } catch (SQLException e) {
      throw new IOException("the database of the floor cannot be used", e);
    }
  }

  private static Connection connect(EmbeddedPostgres floor) throws SQLException {
    return DriverManager.getConnection(floor.jdbcUrl(), floor.user(), floor.password());
  }

  /** Commits one row after the other. */
  private static final class Inserter implements Concurrent.Client {
    private final Connection connection;
    private final PreparedStatement insert;

    Inserter(EmbeddedPostgres floor) throws IOException {
      try {
        connection = connect(floor);
        insert = connection.prepareStatement("INSERT INTO floor VALUES (?, 'a row')");
      } catch (SQLException e) {
        throw new IOException("the database of the floor cannot be used", e);
      }
    }

    @Override
    public void step(int number) throws IOException {
      try {
        insert.setLong(1, number);
        int _ = insert.executeUpdate();
      } catch (SQLException e) {
        throw new IOException("the floor could not be measured", e);
      }
    }

    @Override
    public void close() throws IOException {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new IOException("the floor could not be measured", e);
      }
    }
  }
}
