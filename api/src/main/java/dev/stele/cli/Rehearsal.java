package dev.stele.cli;

import dev.stele.server.LocalAccess;
import dev.stele.server.Node;
import dev.stele.server.ServerSettings;
import dev.stele.server.SteleServer;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationReader;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
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
  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("events", "--type", "TagMoved", "--json"),
          List.of("repositories"),
          List.of("tags", RehearsalTraffic.QUIET),
          List.of("hold", "place", "rehearsal", "--reason", "rehearsal"),
          List.of("tag-history", RehearsalTraffic.QUIET + ":latest"),
          List.of("diff", RehearsalTraffic.QUIET, "p0", "--csv"),
          List.of("config", "check"));

  private Rehearsal() {}

  /**
   * Does it.
   *
   * @param arguments a folder for the registry's data, absent or empty, which is left behind
   */
  public static void main(String[] arguments) throws Exception {
    Path data = Path.of(arguments[0]);
    Configuration configuration =
        ConfigurationReader.read(
            Optional.empty(), Map.of("STELE_DATA", data.toString(), "STELE_LISTEN", "127.0.0.1:0"));
    LocalCredential credential = LocalCredential.random(false);
    try (Node node = Node.serve(configuration);
        SteleServer server =
            SteleServer.start(
                node.engine(),
                node.meters(),
                ServerSettings.of(configuration).withLocal(credential))) {
      URI address = URI.create("http://" + server.address());
      try (RehearsalTraffic traffic = new RehearsalTraffic(address)) {
        traffic.run();
      }
      try (AutoCloseable _ = new LocalAccess(address, credential).publish(data)) {
        for (List<String> command : COMMANDS) {
          ask(command, data);
        }
      }
    }
  }

  private static void ask(List<String> command, Path data) {
    List<String> words = new ArrayList<>(command);
    words.addAll(List.of("--data", data.toString()));
    int status = Stele.run(words.toArray(String[]::new));
    if (status != 0) {
      throw new IllegalStateException("status " + status + " of " + command);
    }
  }
}
