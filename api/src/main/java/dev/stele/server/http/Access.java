package dev.stele.server.http;

import dev.stele.event.Event.AccessDenied.Reason;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.AccessPolicy.Principal;
import dev.stele.registry.Refusal;
import java.time.Instant;
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
 * @param scope what the token is for by which they signed in, if it was one
 * @param until when what they signed in by ends, if it does
 * @param challenge absent where nobody can sign in
 * @param now the policy by the time that it is asked for; absent if nobody vouches any more for
 *     whoever sent the request
 * @param denials is told of what is refused
 */
public record Access(
    AccessPolicy policy,
    Principal who,
    Optional<TokenScope> scope,
    Optional<Instant> until,
    Optional<Challenge> challenge,
    Supplier<Optional<AccessPolicy>> now,
    Denials denials) {
  /** How to sign in. */
  @FunctionalInterface
  public interface Challenge {
    /**
     * The answer to whoever must sign in.
     *
     * @param scope what a token would have to be for; absent if any would do
     * @param error what was wrong with the one that was sent, in the words of RFC 6750
     */
    DistributionError unauthorized(Optional<String> scope, Optional<String> error);
  }

  /** Hears of what is refused. */
  @FunctionalInterface
  public interface Denials {
    void denied(Action action, Optional<RepositoryName> repository, Reason reason);
  }

  /** What reads: whoever may not is told that there is no such repository. */
  private static final Set<Action> READING =
      Set.of(Action.PULL, Action.READ_RECORD, Action.RETENTION);

  private static final String REPOSITORY = "repository";

  /** Everything. */
  public static final Access FULL =
      new Access(
          AccessPolicy.OPEN,
          Principal.ANONYMOUS,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          () -> Optional.of(AccessPolicy.OPEN),
          (_, _, _) -> {});

  public boolean may(Action action, RepositoryName repository) {
    return policy.allows(who, action, repository)
        && scope.filter(token -> !token.covers(action, repository)).isEmpty();
  }

  public boolean mayEverywhere(Action action) {
    return policy.allowsEverywhere(who, action)
        && scope.filter(token -> !token.coversRegistry(action)).isEmpty();
  }

  /** Whether it may be done in all repositories, or in the one, if there is one. */
  public boolean may(Action action, Optional<RepositoryName> repository) {
    return mayEverywhere(action) || repository.filter(one -> may(action, one)).isPresent();
  }

  /** The repositories that a list may name to who may do something in them. */
  public Predicate<RepositoryName> where(Action action) {
    return mayEverywhere(action) ? _ -> true : name -> policy.allows(who, action, name);
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
        if (who.name().isEmpty() && scope.isEmpty() && challenge.isPresent()) {
          throw challenge.get().unauthorized(Optional.empty(), Optional.empty()).asException();
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
      case FILTERED -> {
        if (need.any()
            .noneMatch(
                action ->
                    policy.allowsSomewhere(who, action)
                        && scope.filter(token -> !token.coversRegistry(action)).isEmpty())) {
          throw refused(need.action().orElseThrow(), Optional.empty()).asException();
        }
      }
      case BODY -> {
        Action action = need.action().orElseThrow();
        if (!policy.allowsSomewhere(who, action)) {
          throw refused(action, Optional.empty()).asException();
        }
      }
      case EVERYWHERE -> requireEverywhere(need.action().orElseThrow());
    }
  }

  /** Whether the request would pass by now, too: for what goes on for long. */
  boolean stillPasses(Need need, Optional<String> repository, QueryString query) {
    if (until.filter(Instant.now()::isAfter).isPresent()) {
      return false;
    }
    try {
      Access _ = checkedAgain(need, repository, query);
      return true;
    } catch (RefusedRequestException e) {
      return false;
    }
  }

  /**
   * What the sender may do by now, where the request still passes. That the time of a token is over
   * does not count: what is sent for longer began in time.
   *
   * @throws RefusedRequestException if a right or whoever had it is gone
   */
  Access checkedAgain(Need need, Optional<String> repository, QueryString query) {
    Optional<AccessPolicy> renewed = now.get();
    if (renewed.isEmpty()) {
      // Who is gone had signed in, so there is a way to.
      throw challenge.orElseThrow().unauthorized(Optional.empty(), Optional.empty()).asException();
    }
    Access access = new Access(renewed.get(), who, scope, until, challenge, now, denials);
    access.check(need, repository, query);
    return access;
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

  /**
   * Something was refused, be that decided here or by who looked at more than names.
   *
   * @param action the right that they lacked, or made use of in vain
   */
  public void denied(Action action, Optional<RepositoryName> repository, Reason reason) {
    denials.denied(action, repository, reason);
  }

  private DistributionError refused(Action action, Optional<RepositoryName> repository) {
    boolean narrow =
        scope.isPresent()
            && repository
                .map(one -> policy.allows(who, action, one))
                .orElseGet(() -> policy.allowsSomewhere(who, action));
    if (challenge.isPresent() && (who.name().isEmpty() || narrow)) {
      return challenge
          .get()
          .unauthorized(
              Optional.of(TokenScope.needed(action, repository)),
              // Of whoever did not sign in, more is asked than another token.
              who.name().isPresent() ? Optional.of("insufficient_scope") : Optional.empty());
    }
    denied(action, repository, Reason.RIGHT);
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
                    action == Action.METRICS || action == Action.ADMIN
                        ? "this needs the right to %s by a rule of \"**\", which %s does not have"
                            .formatted(action.word(), name)
                        : ("this is about every repository, and %s does not have the right to %s in"
                                + " all of them; events, tag-moves, pulls and the questions below"
                                + " /api/v1/repositories/<name>/ can be asked about one")
                            .formatted(name, action.word())),
        repository
            .map(one -> Map.<String, Object>of("action", action.word(), "name", one))
            .orElseGet(() -> Map.of("action", action.word())));
  }
}
