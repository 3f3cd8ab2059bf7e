package dev.stele.verify;

/** Is told how far a check is, now and then. May throw to end it. */
@FunctionalInterface
public interface CheckProgress {
  /**
   * @param what is looked at, such as {@code events}
   * @param done how many of them were
   * @param of how many there are; 0 if that is not known
   */
  void at(String what, long done, long of);
}
