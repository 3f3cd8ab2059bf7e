package dev.stele.projection;

/** Is told how far something is that takes long, now and then. May throw to end it. */
@FunctionalInterface
public interface ProgressListener {
  /**
   * @param what is looked at, such as {@code events}
   * @param done how many of them were
   * @param of how many there are; 0 if that is not known
   */
  void at(String what, long done, long of);
}
