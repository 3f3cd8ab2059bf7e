package dev.stele.server.http;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy.Action;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What a token is for, at most: actions of repositories, as the distribution project's token
 * authentication writes them ({@code repository:team/app:pull,push}), and of the registry itself
 * ({@code registry:catalog:*}). {@code *} is every action, and {@code push} goes with {@code
 * move-tag}.
 *
 * @param repositories actions by name
 * @param registry actions that are about no repository in particular
 */
public record TokenScope(Map<String, Set<String>> repositories, Set<String> registry) {
  private static final int MOST = 100;
  private static final String ALL = "*";
  private static final String REPOSITORY = "repository";

  /** It may say a class, such as repository(plugin). */
  private static final Pattern REPOSITORY_TYPE = Pattern.compile("repository(\\([a-z0-9]+\\))?");

  private static final String REGISTRY = "registry";

  public TokenScope {
    repositories = Map.copyOf(repositories);
    registry = Set.copyOf(registry);
  }

  /**
   * Reads what a client asks for; what is of another type, or no repository's name, is left out.
   *
   * @param texts each with one scope or several, separated by spaces
   * @throws RefusedRequestException 400 if there are too many
   */
  public static TokenScope parse(List<String> texts) {
    Map<String, Set<String>> repositories = new LinkedHashMap<>();
    Set<String> registry = new LinkedHashSet<>();
    int count = 0;
    for (String text : texts) {
      for (String scope : text.split("[ +]", -1)) {
        if (scope.isEmpty()) {
          continue;
        }
        if (++count > MOST) {
          throw new DistributionError(
                  400, ErrorCode.REQUEST_INVALID, "at most " + MOST + " scopes at once")
              .asException();
        }
        int name = scope.indexOf(':');
        int actions = scope.lastIndexOf(':');
        if (name < 0 || actions == name) {
          continue;
        }
        List<String> words = List.of(scope.substring(actions + 1).split(",", -1));
        String type = scope.substring(0, name);
        String named = scope.substring(name + 1, actions);
        if (REPOSITORY_TYPE.matcher(type).matches()) {
          if (isName(named)) {
            repositories.computeIfAbsent(named, _ -> new TreeSet<>()).addAll(words);
          }
        } else if (type.equals(REGISTRY)) {
          registry.addAll(words);
        }
      }
    }
    return new TokenScope(repositories, registry);
  }

  private static boolean isName(String text) {
    try {
      RepositoryName.parse(text);
      return true;
    } catch (InvalidNameException e) {
      return false;
    }
  }

  /** What a client must ask for in order to do something. */
  static String needed(Action action, Optional<RepositoryName> repository) {
    return repository
        .map(
            name ->
                "%s:%s:%s"
                    .formatted(
                        REPOSITORY,
                        name,
                        // Whoever pushes asks what is there, too.
                        action == Action.PUSH ? "pull,push" : action.word()))
        .orElse(action == Action.PULL ? "registry:catalog:*" : "registry:record:" + action.word());
  }

  boolean covers(Action action, RepositoryName repository) {
    return contains(repositories.getOrDefault(repository.value(), Set.of()), action);
  }

  boolean coversRegistry(Action action) {
    return contains(registry, action);
  }

  private static boolean contains(Set<String> words, Action action) {
    return words.contains(ALL)
        || words.contains(action.word())
        || (action == Action.MOVE_TAG && words.contains(Action.PUSH.word()));
  }

  /** The part of this that somebody may do. */
  public TokenScope grantedTo(Access access) {
    Map<String, Set<String>> granted = new LinkedHashMap<>();
    repositories.forEach(
        (name, words) -> {
          Set<String> may = new TreeSet<>();
          for (Action action : Action.values()) {
            if (contains(words, action) && access.may(action, RepositoryName.parse(name))) {
              may.add(action.word());
            }
          }
          if (!may.isEmpty()) {
            granted.put(name, may);
          }
        });
    Set<String> ofRegistry = new TreeSet<>();
    for (Action action : Action.values()) {
      if (contains(registry, action) && access.policy().allowsSomewhere(access.who(), action)) {
        ofRegistry.add(action.word());
      }
    }
    return new TokenScope(granted, ofRegistry);
  }

  /** As tokens have it: a list of {@code {type, name, actions}}. */
  public List<Map<String, Object>> claim() {
    List<Map<String, Object>> claim = new ArrayList<>();
    repositories.forEach(
        (name, actions) ->
            claim.add(Map.of("type", REPOSITORY, "name", name, "actions", List.copyOf(actions))));
    if (!registry.isEmpty()) {
      claim.add(Map.of("type", REGISTRY, "name", "catalog", "actions", List.copyOf(registry)));
    }
    return claim;
  }

  /**
   * Reads that again.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static TokenScope ofClaim(Object claim) {
    Map<String, Set<String>> repositories = new LinkedHashMap<>();
    Set<String> registry = new LinkedHashSet<>();
    if (!(claim instanceof List<?> entries)) {
      throw new IllegalArgumentException("access is no list");
    }
    for (Object entry : entries) {
      if (!(entry instanceof Map<?, ?> one)
          || !(one.get("type") instanceof String type)
          || !(one.get("name") instanceof String name)
          || !(one.get("actions") instanceof List<?> actions)) {
        throw new IllegalArgumentException("access has something else than type, name and actions");
      }
      List<String> words = actions.stream().map(String::valueOf).toList();
      if (type.equals(REPOSITORY)) {
        repositories.computeIfAbsent(name, _ -> new TreeSet<>()).addAll(words);
      } else {
        registry.addAll(words);
      }
    }
    return new TokenScope(repositories, registry);
  }
}
