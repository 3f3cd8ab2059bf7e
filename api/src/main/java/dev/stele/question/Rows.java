package dev.stele.question;

/**
 * Takes the rows of a listing, one after the other, and prints them in some form. What a listing
 * has too many of to hold in memory may be printed as well. For one thread.
 */
public interface Rows<T> extends AutoCloseable {
  /** Prints a row, perhaps only when more are known. */
  void add(T row);

  /** Prints what is left. */
  @Override
  void close();
}
