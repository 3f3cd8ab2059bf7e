package dev.stele.question;

import dev.stele.history.History;
import dev.stele.history.Lifetime;
import dev.stele.history.Since;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.RefusedRequestException;
import java.util.List;
import java.util.stream.Collectors;

/** Says of what is not on record at a moment when it was there, so that a person can ask better. */
final class Absence {
  private static final int MOST_LIFETIMES = 3;

  private Absence() {}

  /**
   * The value of an outcome.
   *
   * @throws RefusedRequestException saying why it was refused, and what else is known
   */
  static <T> T present(History history, Outcome<T> outcome) {
    return switch (outcome) {
      case Outcome.Ok<T>(T value) -> value;
      case Outcome.Refused<T>(Refusal refusal) -> throw explained(history, refusal);
    };
  }

  static RefusedRequestException explained(History history, Refusal refusal) {
    DistributionError error = Refusals.toError(refusal);
    return switch (refusal) {
      case Refusal.NoRepositoryThen(var repository, var _) ->
          more(error, story(history, repository));
      case Refusal.UnknownRepository(var repository) -> more(error, story(history, repository));
      case Refusal.NoManifestThen(var repository, Reference.ByDigest(Digest digest), var _) ->
          more(
              error,
              story(
                  history.lifetimes(repository, digest, MOST_LIFETIMES),
                  "the repository had it",
                  "it never did"));
      default -> error.asException();
    };
  }

  /** The same error, whose message goes on. */
  static RefusedRequestException more(DistributionError error, String story) {
    return new DistributionError(
            error.status(),
            error.code(),
            error.message() + "; " + story,
            error.detail(),
            error.headers())
        .asException();
  }

  private static String story(History history, RepositoryName repository) {
    return story(
        history.lifetimes(repository, MOST_LIFETIMES),
        "it existed",
        "none of that name ever existed");
  }

  private static String story(List<Lifetime> lifetimes, String there, String never) {
    return lifetimes.isEmpty()
        ? never
        : lifetimes.reversed().stream()
            .map(Absence::told)
            .collect(Collectors.joining(", and ", there + " ", ""));
  }

  private static String told(Lifetime lifetime) {
    return "from "
        + told(lifetime.from())
        + lifetime.until().map(until -> " until " + told(until)).orElse(" on");
  }

  private static String told(Since since) {
    return since.at() + " (position " + since.position() + ")";
  }
}
