package dev.stele.event;

/** What may take several persons. The names are part of the record: never rename one. */
public enum Approved {
  RELEASE_HOLD,
  RESTORE_REPOSITORY
}
