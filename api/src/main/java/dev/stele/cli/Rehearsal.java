package dev.stele.cli;

import dev.stele.bench.Benchmark;
import dev.stele.bench.TemporaryFolder;
import dev.stele.server.LocalAccess;
import dev.stele.server.Node;
import dev.stele.server.ServerSettings;
import dev.stele.server.SteleServer;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A life of the program in a few seconds: a registry starts, clients push and pull, people ask
 * commands, it stops. The launcher has the JVM watch it and keep what it learned (JEP 483 and 515:
 * which classes are used, linked, and which methods are worth compiling), so that every later start
 * is a quick one.
 */
final class Rehearsal {
  private static final Duration EACH_KIND_OF_WORK = Duration.ofSeconds(3);
  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("events", "--type", "TagMoved", "--json"),
          List.of("repositories"),
          List.of("tags", "bench/manifests"),
          List.of("hold", "place", "rehearsal", "--reason", "rehearsal"),
          List.of("tag-history", "bench/manifests:latest"),
          List.of("diff", "bench/manifests", "p0", "--csv"),
          List.of("config", "check"));

  private Rehearsal() {}

  /**
   * Does it.
   *
   * @param arguments a folder for what is temporary
   */
  public static void main(String[] arguments) throws Exception {
    Path data = Files.createTempDirectory(Path.of(arguments[0]), "rehearsal");
    try {
      Configuration configuration =
          ConfigurationReader.read(
              Optional.empty(),
              Map.of("STELE_DATA", data.toString(), "STELE_LISTEN", "127.0.0.1:0"));
      LocalCredential credential = LocalCredential.random(false);
      try (Node node = Node.serve(configuration);
          SteleServer server =
              SteleServer.start(
                  node.engine(),
                  node.meters(),
                  ServerSettings.of(configuration).withLocal(credential));
          AutoCloseable _ =
              new LocalAccess(URI.create("http://" + server.address()), credential).publish(data)) {
        Benchmark.rehearse(server.port(), EACH_KIND_OF_WORK);
        for (List<String> command : COMMANDS) {
          String[] words = command.toArray(new String[command.size() + 2]);
          words[command.size()] = "--data";
          words[command.size() + 1] = data.toString();
          int status = Stele.run(words);
          if (status != 0) {
            throw new IllegalStateException("status " + status + " of " + command);
          }
        }
      }
    } finally {
      TemporaryFolder.delete(data);
    }
  }
}
