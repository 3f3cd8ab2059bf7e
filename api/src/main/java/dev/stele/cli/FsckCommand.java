package dev.stele.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.verify.Finding;
import dev.stele.verify.Fsck;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code stele fsck}: holds the log against itself and the stores. */
@Command(
    name = "fsck",
    description = {
      "Checks that the log is whole and that the stores have what it says, and lists objects that"
          + " it does not know. Changes nothing; the server may be running or not. Exit status 1 if"
          + " anything is damaged or gone; unknown objects alone are no damage."
    },
    mixinStandardHelpOptions = true)
final class FsckCommand implements Callable<Integer> {
  private static final ObjectMapper JSON =
      new ObjectMapper().disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOptions options;

  @Option(names = "--deep", description = "Read every stored object whole and re-hash it.")
  private boolean deep;

  @Option(names = "--json", description = "A JSON object a line: each finding, then a summary.")
  private boolean json;

  @Override
  public Integer call() throws ConfigurationException, StartupException, IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
      Fsck.Summary summary = inspection.fsck().run(deep, finding -> print(out, finding));
      if (json) {
        out.println(JSON.createObjectNode().set("summary", JSON.valueToTree(summary)));
      } else {
        out.printf(
            "%,d events, %,d manifest documents, %,d blobs in the log, %,d objects in the stores%n",
            summary.events(), summary.documents(), summary.blobs(), summary.objects());
        out.printf(
            "%s: %,d damaged or gone, %,d unknown to the log%n",
            summary.sound() ? "Sound" : "NOT sound", summary.damages(), summary.orphans());
      }
      out.flush();
      return summary.sound() ? 0 : 1;
    }
  }

  private void print(PrintWriter out, Finding finding) {
    if (json) {
      ObjectNode line = JSON.valueToTree(finding);
      out.println(
          JSON.createObjectNode()
              .put("finding", finding.kind())
              .put("damage", finding.damage())
              .put("what", finding.what())
              .setAll(line));
    } else {
      out.println((finding.damage() ? "DAMAGE " : "orphan ") + finding.what());
    }
    out.flush();
  }
}
