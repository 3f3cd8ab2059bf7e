package dev.stele.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.gc.Candidate;
import dev.stele.gc.Collection;
import dev.stele.gc.Tally;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Collects once, or tells what that would take. */
@Command(
    name = "gc",
    description = {
      "Collects what nobody can reach any more.",
      "Takes what has been unreachable for longer than gc.grace; the server may be running or not,"
          + " and pushes go on. Exit status 1 if it could not finish; run it again then."
    },
    mixinStandardHelpOptions = true)
final class GcCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOptions options;

  @Option(
      names = "--dry-run",
      description =
          "Only print what would go, with since when it is unreachable, its size and the reason.")
  private boolean dryRun;

  @Option(names = "--json", description = "A JSON object a line.")
  private boolean json;

  @Override
  public Integer call() throws ConfigurationException, StartupException {
    PrintWriter out = spec.commandLine().getOut();
    try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
      int status = dryRun ? list(inspection, out) : collect(inspection, out);
      out.flush();
      return status;
    }
  }

  private int list(Inspection inspection, PrintWriter out) {
    long[] totals = new long[2];
    inspection
        .registry()
        .collector()
        .candidates(
            candidate -> {
              totals[0]++;
              totals[1] += candidate.kind() == Candidate.Kind.MANIFEST ? 0 : candidate.size();
              print(candidate, out);
            });
    if (!json) {
      out.printf(
          Locale.ROOT, "%,d would go; blobs among them have %,d bytes%n", totals[0], totals[1]);
    }
    return 0;
  }

  private void print(Candidate candidate, PrintWriter out) {
    String kind = candidate.kind().name().toLowerCase(Locale.ROOT);
    String what =
        candidate.repository().map(RepositoryName::value).orElse("")
            + candidate.digest().map(digest -> "@" + digest).orElse("");
    if (json) {
      ObjectNode line = JSON.createObjectNode().put("kind", kind);
      candidate
          .repository()
          .map(RepositoryName::value)
          .ifPresent(name -> line.put("repository", name));
      candidate.digest().map(Digest::toString).ifPresent(digest -> line.put("digest", digest));
      out.println(
          line.put("size", candidate.size())
              .put("sincePosition", candidate.since())
              .put("since", candidate.sinceAt().toString())
              .put("reason", candidate.reason()));
    } else {
      out.printf(
          Locale.ROOT,
          "%-10s %s  %,d bytes, since %s (position %d): %s%n",
          kind,
          what,
          candidate.size(),
          candidate.sinceAt(),
          candidate.since(),
          candidate.reason());
    }
  }

  private int collect(Inspection inspection, PrintWriter out) {
    Collection done = inspection.registry().collector().run();
    Tally tally = done.tally();
    if (json) {
      ObjectNode line =
          JSON.createObjectNode()
              .put("manifests", tally.manifests())
              .put("blobs", tally.blobs())
              .put("objects", tally.objects())
              .put("bytes", tally.bytes())
              .put("repositories", tally.repositories())
              .put("orphans", tally.orphans())
              .put("uploads", tally.uploads());
      done.failure().ifPresent(failure -> line.put("failure", failure));
      out.println(line);
    } else {
      out.printf(
          Locale.ROOT,
          "Collected %,d manifests and %,d blobs; %,d objects of %,d bytes left the stores%n",
          tally.manifests(),
          tally.blobs(),
          tally.objects(),
          tally.bytes());
      out.printf(
          Locale.ROOT,
          "Removed %,d empty repositories, %,d objects unknown to the log and %,d abandoned"
              + " uploads%n",
          tally.repositories(),
          tally.orphans(),
          tally.uploads());
      done.failure().ifPresent(failure -> out.println("It could not finish: " + failure));
    }
    return done.failure().isPresent() ? 1 : 0;
  }
}
