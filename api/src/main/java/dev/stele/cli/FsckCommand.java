package dev.stele.cli;

import dev.stele.server.Inspection;
import dev.stele.verify.Fsck;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code stele fsck}: holds the log against itself and the stores. */
@Command(
    name = "fsck",
    description = {
      "Checks that the log is whole and that the stores have what it says, and lists objects that"
          + " it does not know. Changes nothing; the server may be running or not. Exit status 1 if"
          + " anything is damaged, gone or was not looked at; unknown objects alone are no damage."
    })
final class FsckCommand extends MaintenanceCommand {
  @Option(names = "--deep", description = "Read every stored object whole and re-hash it.")
  private boolean deep;

  @Mixin private FindingOutput output;

  @Override
  int run(Inspection inspection, PrintWriter out) throws IOException {
    try (ProgressBar bar = progress()) {
      Fsck.Summary summary =
          inspection.fsck().run(deep, finding -> output.finding(out, bar, finding), bar::at);
      bar.erase();
      output.summary(
          out,
          summary,
          "%,d events, %,d manifest documents, %,d blobs in the log, %,d objects in the stores%n%s: %,d damaged, gone or not looked at, %,d unknown to the log"
              .formatted(
                  summary.events(),
                  summary.documents(),
                  summary.blobs(),
                  summary.objects(),
                  summary.sound() ? "Sound" : Terminal.ofOutput().alarm("NOT sound"),
                  summary.damages(),
                  summary.orphans()));
      return summary.sound() ? 0 : 1;
    }
  }
}
