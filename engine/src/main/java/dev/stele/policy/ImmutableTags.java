package dev.stele.policy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which tags clients may neither move nor delete once they exist. Immutable and thread-safe.
 *
 * @param rules a tag is immutable if any of them says so
 */
public record ImmutableTags(List<Rule> rules) {
  /** None is immutable. */
  public static final ImmutableTags NONE = new ImmutableTags(List.of());

  /**
   * Some tags of some repositories.
   *
   * @param patterns none for every tag
   */
  public record Rule(List<RepositoryGlob> repositories, List<TagPattern> patterns) {
    public Rule {
      repositories = List.copyOf(repositories);
      patterns = List.copyOf(patterns);
    }

    private boolean includes(RepositoryName repository, Tag tag) {
      return repositories.stream().anyMatch(glob -> glob.matches(repository))
          && (patterns.isEmpty() || patterns.stream().anyMatch(pattern -> pattern.matches(tag)));
    }
  }

  public ImmutableTags {
    rules = List.copyOf(rules);
  }

  /** Whether any tag of a repository may be. */
  public boolean concerns(RepositoryName repository) {
    return rules.stream()
        .flatMap(rule -> rule.repositories().stream())
        .anyMatch(glob -> glob.matches(repository));
  }

  /** Whether a tag of a repository is immutable. */
  public boolean includes(RepositoryName repository, Tag tag) {
    return rules.stream().anyMatch(rule -> rule.includes(repository, tag));
  }

  /**
   * Reads a list as it is configured: {@code [{"repositories": ["team/**"], "patterns": ["^v"]}]}.
   *
   * @param key by which problems name the list
   * @throws InvalidPolicyException saying what is wrong with it, and where
   */
  public static ImmutableTags read(String key, JsonNode list) throws InvalidPolicyException {
    if (!list.isArray()) {
      throw new InvalidPolicyException(
          key, "must be a list of entries with the keys patterns, repositories");
    }
    List<Rule> rules = new ArrayList<>();
    Problems problems = new Problems();
    for (JsonNode item : list) {
      String path = key + "[" + rules.size() + "]";
      Section section = Section.of(path, item, Set.of("repositories", "patterns"), problems);
      List<RepositoryGlob> repositories = section.texts("repositories", RepositoryGlob::parse);
      if (!section.has("repositories")) {
        problems.add(path + " needs repositories: a list of globs, such as [team/**]");
      }
      rules.add(new Rule(repositories, section.texts("patterns", TagPattern::parse)));
    }
    problems.throwIfAny();
    return new ImmutableTags(rules);
  }
}
