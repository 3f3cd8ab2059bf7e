package dev.stele.cli;

import dev.stele.server.Inspection;
import dev.stele.server.config.DataSize;
import dev.stele.verify.Scrub;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code stele scrub}: re-hashes everything that is stored. */
@Command(
    name = "scrub",
    description = {
      "Reads every stored object and manifest again and re-hashes it, and looks for content that"
          + " manifests refer to and repositories lack. What it finds of objects is recorded in the"
          + " log: a damaged one counts as absent until its content is pushed again or a scrub"
          + " finds it intact. The server may be running or not. Exit status 1 if anything is"
          + " damaged, gone or was not looked at."
    })
final class ScrubCommand extends MaintenanceCommand {
  @Mixin private FindingOutput output;

  @Option(
      names = "--rate",
      paramLabel = "SIZE",
      defaultValue = "64MiB",
      converter = Rate.class,
      description = "How much to read a second at most. Default: ${DEFAULT-VALUE}")
  private DataSize rate;

  private static final class Rate implements picocli.CommandLine.ITypeConverter<DataSize> {
    @Override
    public DataSize convert(String text) {
      try {
        DataSize size = DataSize.parse(text);
        if (size.bytes() == 0) {
          throw new TypeConversionException("must be at least 1B");
        }
        return size;
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  @Override
  int run(Inspection inspection, PrintWriter out) throws IOException {
    try (ProgressBar bar = progress()) {
      Scrub.Summary summary =
          inspection.scrub(rate.bytes(), finding -> output.finding(out, bar, finding), bar::at);
      bar.erase();
      output.summary(
          out,
          summary,
          "%,d manifest documents, %,d objects of %,d bytes%n%s: %,d damaged, gone or not looked at, %,d of it news to the log"
              .formatted(
                  summary.documents(),
                  summary.objects(),
                  summary.bytes(),
                  summary.sound() ? "Sound" : Terminal.ofOutput().alarm("NOT sound"),
                  summary.damages(),
                  summary.recorded()));
      return summary.sound() ? 0 : 1;
    }
  }
}
