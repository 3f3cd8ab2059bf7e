package dev.stele.server.http;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.AccessPolicy.Principal;
import dev.stele.registry.Refusal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What the sender of one request may do. Whether something is refused depends on the names in the
 * request alone, so neither the answer nor the time that it takes tells what is there. Thread-safe.
 *
 * @param challenge how to sign in: the answer to whoever did not, where one can
 */
public record Access(
    AccessPolicy policy, Principal who, Optional<Supplier<DistributionError>> challenge) {
  /** What reads: whoever may not is told that there is no such repository. */
  private static final Set<Action> READING =
      Set.of(Action.PULL, Action.READ_RECORD, Action.RETENTION);

  private static final String REPOSITORY = "repository";

  /** Everything. */
  public static final Access FULL =
      new Access(AccessPolicy.OPEN, Principal.ANONYMOUS, Optional.empty());

  public boolean may(Action action, RepositoryName repository) {
    return policy.allows(who, action, repository);
  }

  public boolean mayEverywhere(Action action) {
    return policy.allowsEverywhere(who, action);
  }

  /** The repositories in which they may do something. */
  public Predicate<RepositoryName> where(Action action) {
    return mayEverywhere(action) ? _ -> true : repository -> may(action, repository);
  }

  /**
   * Lets a request pass, or not.
   *
   * @param repository what the address names, unchecked
   * @throws RefusedRequestException if it needs what its sender may not do
   * @throws InvalidNameException if what the address names is no repository
   */
  void check(Need need, Optional<String> repository, QueryString query) {
    switch (need.scope()) {
      case NOTHING -> {}
      case ENTRY -> {
        if (who.name().isEmpty() && challenge.isPresent()) {
          throw challenge.get().get().asException();
        }
      }
      case REPOSITORY ->
          require(need.action().orElseThrow(), RepositoryName.parse(repository.orElseThrow()));
      case CONFINED -> {
        Action action = need.action().orElseThrow();
        List<String> asked = query.all(REPOSITORY);
        Optional<RepositoryName> one =
            asked.size() == 1 ? named(asked.getFirst()) : Optional.empty();
        one.ifPresentOrElse(name -> require(action, name), () -> requireEverywhere(action));
      }
      case FILTERED, BODY -> {
        if (!policy.allowsSomewhere(who, need.action().orElseThrow())) {
          throw refused(need.action().orElseThrow(), Optional.empty()).asException();
        }
      }
      case EVERYWHERE -> requireEverywhere(need.action().orElseThrow());
    }
  }

  private static Optional<RepositoryName> named(String text) {
    try {
      return Optional.of(RepositoryName.parse(text));
    } catch (InvalidNameException e) {
      return Optional.empty(); // A glob, which may be about any repository.
    }
  }

  /**
   * Demands a right.
   *
   * @throws RefusedRequestException 401 for who did not sign in; 404 as if the repository were not
   *     there, for what reads; 403 otherwise
   */
  public void require(Action action, RepositoryName repository) {
    if (!may(action, repository)) {
      throw refused(action, Optional.of(repository)).asException();
    }
  }

  /**
   * Demands a right in every repository.
   *
   * @throws RefusedRequestException 401 for who did not sign in, 403 otherwise
   */
  public void requireEverywhere(Action action) {
    if (!mayEverywhere(action)) {
      throw refused(action, Optional.empty()).asException();
    }
  }

  private DistributionError refused(Action action, Optional<RepositoryName> repository) {
    if (who.name().isEmpty() && challenge.isPresent()) {
      return challenge.get().get();
    }
    if (repository.isPresent() && READING.contains(action)) {
      return new DistributionError(
          404,
          ErrorCode.NAME_UNKNOWN,
          new Refusal.UnknownRepository(repository.get()).message(),
          Map.of("name", repository.get()));
    }
    String name = who.name().orElse("whoever does not sign in");
    return new DistributionError(
        403,
        ErrorCode.DENIED,
        repository
            .map(one -> "%s may not %s in %s".formatted(name, action.word(), one))
            .orElseGet(
                () ->
                    ("this needs the right to %s in every repository, which %s does not have; what"
                            + " has the parameter repository can be asked of one")
                        .formatted(action.word(), name)),
        repository
            .map(one -> Map.<String, Object>of("action", action.word(), "name", one))
            .orElseGet(() -> Map.of("action", action.word())));
  }
}
