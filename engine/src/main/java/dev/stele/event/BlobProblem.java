package dev.stele.event;

/** What can be wrong with a stored object. The names are part of the record: never rename one. */
public enum BlobProblem {
  /** It is not there. */
  MISSING,
  /** It has another size. */
  SIZE,
  /** It has the right size but its bytes have another digest. */
  CONTENT,
  /** Its store works, but cannot read it. */
  UNREADABLE;

  /**
   * Whether only reading the whole object shows it. What a look at its size shows need not be
   * remembered, and had better not be: a disk that was not mounted is there again later.
   */
  public boolean hidden() {
    return this == CONTENT || this == UNREADABLE;
  }
}
