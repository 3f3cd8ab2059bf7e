package dev.stele.cli;

import dev.stele.event.Cause;
import dev.stele.log.Moment;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TagGlob;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which events a command is about, and how many of them it prints. A mixin. */
final class EventOptions {
  @Option(
      names = "--from",
      paramLabel = "MOMENT",
      description = "Only what was recorded after " + AtOption.MOMENT + ".")
  private Moment from;

  @Option(
      names = "--to",
      paramLabel = "MOMENT",
      description = "Only what was recorded until then. Default: now")
  private Moment to;

  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only of this repository, or of those that a glob matches, such as team/**.")
  private RepositoryGlob repository;

  @Option(names = "--actor", paramLabel = "USER", description = "Only what this user did.")
  private String actor;

  @Option(
      names = "--tag",
      paramLabel = "GLOB",
      description = "Only what speaks of a tag of this name, or one that a glob matches: v1.*")
  private TagGlob tag;

  @Option(
      names = "--cause",
      paramLabel = "KIND",
      description = "Only what has such a cause: ${COMPLETION-CANDIDATES}.")
  private Cause.Kind cause;

  @Option(names = "--newest-first", description = "The newest first.")
  private boolean newestFirst;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  private long limit = Long.MAX_VALUE;

  @Option(names = "--limit", paramLabel = "N", description = "How many at most. Default: all")
  void limit(long most) {
    if (most < 1) {
      throw new ParameterException(spec.commandLine(), "--limit must be at least 1");
    }
    limit = most;
  }

  /** A question that is about repositories, and not about events. */
  Asking ofPlaces(Asking asking) {
    return asking.with("repository", repository).most(limit);
  }

  /** The same question, about these events only. */
  Asking of(Asking asking) {
    return asking
        .with("from", from)
        .with("to", to)
        .with("repository", repository)
        .with("actor", actor)
        .with("tag", tag)
        .with("cause", cause)
        .with("order", newestFirst ? "desc" : "asc")
        .most(limit);
  }
}
