package dev.stele.policy;

/**
 * A text that is no retention policy. The message says where, what is wrong, and what is allowed.
 */
public final class InvalidPolicyException extends Exception {
  private final String path;

  /**
   * @param path where it is wrong, such as {@code policies[0].keep-tags[1].pushed-within}; empty
   *     for the whole
   */
  public InvalidPolicyException(String path, String problem) {
    super(path.isEmpty() ? problem : path + " " + problem);
    this.path = path;
  }

  public String path() {
    return path;
  }
}
