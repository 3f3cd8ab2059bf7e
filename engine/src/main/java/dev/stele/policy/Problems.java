package dev.stele.policy;

import java.util.ArrayList;
import java.util.List;

/**
 * What is wrong with a written policy, so that all of it can be told at once: the first {@value
 * #MOST}, each shortened, and how many more there are, whatever somebody writes.
 */
final class Problems {
  private static final int MOST = 50;
  private static final int LONGEST = 500;

  private final List<String> told = new ArrayList<>();
  private long untold;

  /**
   * @param problem with its place
   */
  void add(String problem) {
    if (told.size() == MOST) {
      untold++;
    } else {
      told.add(problem.length() <= LONGEST ? problem : problem.substring(0, LONGEST) + "...");
    }
  }

  /**
   * Returns if there are none.
   *
   * @throws InvalidPolicyException with all that are told
   */
  void throwIfAny() throws InvalidPolicyException {
    if (untold > 0) {
      told.add("and " + untold + " more problems");
    }
    if (!told.isEmpty()) {
      throw new InvalidPolicyException(told);
    }
  }
}
