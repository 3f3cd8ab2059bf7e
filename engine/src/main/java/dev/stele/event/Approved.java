package dev.stele.event;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What may take several persons. The names are part of the record: never rename one. */
public enum Approved {
  RELEASE_HOLD,
  RESTORE_REPOSITORY;

  /** As people write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What people wrote; empty if it is none of these. */
  public static Optional<Approved> ofWord(String word) {
    return Arrays.stream(values()).filter(each -> each.word().equals(word)).findFirst();
  }
}
