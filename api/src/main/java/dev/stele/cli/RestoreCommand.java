package dev.stele.cli;

import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.question.DigestText;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.restore.Restoration;
import dev.stele.restore.Restore;
import dev.stele.restore.RestoreRequest;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.audit.Restoring;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.distribution.Refusals;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele restore}: what was there comes back. */
@Command(
    name = "restore",
    description = {
      "Brings back a tag, a manifest or all that a repository had at a moment, as long as the bytes"
          + " are kept. What was put since stays. The server may be running or not. Exit status 1"
          + " if something cannot be restored."
    },
    mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
  /** At most one of these. */
  private static final class What {
    @Option(names = "--tag", description = "Only this tag, and what it pointed to.")
    private String tag;

    @Option(names = "--digest", description = "Only this manifest, without tags.")
    private DigestText digest;
  }

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOptions options;
  @Mixin private RowOutput output;

  @Parameters(paramLabel = "REPOSITORY")
  private String repository;

  @Option(
      names = "--at",
      required = true,
      paramLabel = "MOMENT",
      description = "As it was at " + AtOption.MOMENT + ".")
  private String at;

  @ArgGroup(exclusive = true)
  private What what;

  @Option(
      names = "--available",
      description = "Restore what can be when something cannot, instead of nothing.")
  private boolean available;

  @Option(names = "--reason", description = "Why, for the record.")
  private String reason;

  @Option(
      names = "--dry-run",
      description = "Only print what would come back, and what cannot and why.")
  private boolean dryRun;

  @Override
  public Integer call() throws ConfigurationException, StartupException, IOException {
    RestoreRequest checked = request(Optional.empty());
    PrintWriter out = spec.commandLine().getOut();
    try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
      Optional<Digest> digest =
          Optional.ofNullable(what)
              .map(w -> w.digest)
              .map(text -> text.resolve(inspection.registry().archive()));
      RestoreRequest request = digest.isEmpty() ? checked : request(digest);
      Restore restore = new Restore(inspection.registry());
      switch (dryRun ? restore.preview(request) : restore.run(operator(inspection), request)) {
        case Outcome.Refused<Restoration>(Refusal refusal) -> {
          spec.commandLine().getErr().println("stele: " + Refusals.toError(refusal).message());
          return 1;
        }
        case Outcome.Ok<Restoration>(Restoration restoration) -> {
          output.print(
              out,
              Restoring.Item.COLUMNS,
              restoration.items().stream().map(Restoring.Item::of).toList());
          output.note(out, note(restoration));
          out.flush();
          return restoration.impossible().isEmpty() ? 0 : 1;
        }
      }
    }
  }

  private Caller operator(Inspection inspection) {
    try {
      return inspection.operator().because(Optional.ofNullable(reason));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private RestoreRequest request(Optional<Digest> digest) {
    try {
      Optional<What> given = Optional.ofNullable(what);
      return new RestoreRequest(
          RepositoryName.parse(repository),
          Moment.parse(at),
          given
              .<Reference>map(w -> w.tag == null ? null : Tag.parse(w.tag))
              .or(() -> digest.map(Reference.ByDigest::new)),
          available);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private String note(Restoration restoration) {
    int impossible = restoration.impossible().size();
    int possible = restoration.items().size() - impossible;
    if (restoration.items().isEmpty()) {
      return "Everything is as it was at " + restoration.asOf();
    }
    if (restoration.done()) {
      return "%,d restored as of %s%s"
          .formatted(
              possible,
              restoration.asOf(),
              impossible == 0 ? "" : "; %,d could not be".formatted(impossible));
    }
    if (impossible == 0) {
      return "%,d would be restored as of %s".formatted(possible, restoration.asOf());
    }
    return available
        ? "%,d would be restored as of %s, %,d cannot be"
            .formatted(possible, restoration.asOf(), impossible)
        : "%,d of %,d cannot be restored as of %s, so nothing is; --available restores the rest"
            .formatted(impossible, restoration.items().size(), restoration.asOf());
  }
}
