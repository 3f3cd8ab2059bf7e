package dev.stele.cli;

import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.EventFilter;
import dev.stele.registry.NeverSeen;
import dev.stele.retention.Occurrence;
import dev.stele.retention.Reprocessing;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that asks something about retention. The server may be running or not. */
@Command(mixinStandardHelpOptions = true)
abstract class RetentionQuestion implements Callable<Integer> {
  private static final int PAGE = 1000;

  @Spec private CommandSpec spec;
  @Mixin private ConfigurationOptions options;
  @Mixin private RowOutput output;

  /** Prints the answer; returns the exit status. */
  abstract int answer(Reprocessing reprocessing, PrintWriter out);

  /** Which repositories it is about, if not all. */
  Optional<RepositoryGlob> repositories() {
    return Optional.empty();
  }

  @Override
  public final Integer call() throws ConfigurationException, StartupException {
    PrintWriter out = spec.commandLine().getOut();
    try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
      int status = answer(new Reprocessing(inspection.registry()), out);
      repositories()
          .flatMap(glob -> NeverSeen.of(inspection.registry(), EventFilter.ALL.in(glob)))
          .ifPresent(text -> output.warn(out, spec.commandLine().getErr(), text));
      out.flush();
      return status;
    }
  }

  final CommandSpec spec() {
    return spec;
  }

  final RowOutput output() {
    return output;
  }

  /** A moment that must have passed; the present if absent. */
  static Occurrence moment(Reprocessing reprocessing, Moment moment) {
    return moment == null ? reprocessing.now() : Refusals.accepted(reprocessing.at(moment));
  }

  /** A policy that was named, or the one in force then. */
  static RetentionPolicy policy(Reprocessing reprocessing, RetentionPolicy named, Occurrence at) {
    if (named != null) {
      return named;
    }
    Digest inForce =
        reprocessing
            .policyInForce(at)
            .orElseThrow(
                () ->
                    new DistributionError(
                            404,
                            ErrorCode.NOT_FOUND,
                            "no retention policy was in force at %s; name one with --policy"
                                .formatted(at.at()))
                        .asException());
    return reprocessing.policy(inForce);
  }

  /** Goes through the repositories that match a glob, or all; returns how many. */
  static long forEachRepository(
      Reprocessing reprocessing,
      Occurrence at,
      RepositoryGlob glob,
      Consumer<RepositoryName> consumer) {
    long count = 0;
    Optional<RepositoryName> last = Optional.empty();
    while (true) {
      List<RepositoryName> page = reprocessing.repositories(at, last, PAGE);
      for (RepositoryName repository : page) {
        if (glob == null || glob.matches(repository)) {
          consumer.accept(repository);
          count++;
        }
      }
      if (page.size() < PAGE) {
        return count;
      }
      last = Optional.of(page.getLast());
    }
  }
}
