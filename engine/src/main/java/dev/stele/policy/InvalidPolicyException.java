package dev.stele.policy;

import java.util.List;

/**
 * A text that is no retention policy. The message says of each problem where it is, what is wrong,
 * and what is allowed.
 */
public final class InvalidPolicyException extends Exception {
  private final transient List<String> problems;

  /**
   * @param path where it is wrong, such as {@code policies[0].keep-tags[1].pushed-within}; empty
   *     for the whole
   */
  public InvalidPolicyException(String path, String problem) {
    this(List.of(problem(path, problem)));
  }

  InvalidPolicyException(List<String> problems) {
    super(String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  static String problem(String path, String problem) {
    return path.isEmpty() ? problem : path + " " + problem;
  }

  /** Each problem, which begins with its place. */
  public List<String> problems() {
    return problems;
  }
}
