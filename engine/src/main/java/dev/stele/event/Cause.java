package dev.stele.event;

import java.util.Optional;

/**
 * Why an event happened.
 *
 * @param detail what a reader needs beside the kind, such as the digest whose deletion took a tag
 *     along
 * @param reason why, in the words of whoever asked for it
 */
public record Cause(Kind kind, Optional<String> detail, Optional<String> reason) {
  /** The kinds of cause. Their names are part of the record: never rename one. */
  public enum Kind {
    /** A client asked for just this. */
    CLIENT_REQUEST,
    /** A client deleted a manifest by digest, and this followed from it. */
    DIGEST_DELETE,
    /** A rule of the retention policy decided it; the detail says which. */
    RETENTION,
    /** The collector found it unreachable, for longer than the grace period. */
    COLLECTOR,
    /** A node recorded what it observed. */
    OBSERVATION,
    /** The configuration of a node says so. */
    CONFIGURATION,
    /** Somebody asked for what had been; the detail says as of which position. */
    RESTORE
  }

  public static final Cause CLIENT_REQUEST = of(Kind.CLIENT_REQUEST);

  public static final Cause COLLECTOR = of(Kind.COLLECTOR);
  public static final Cause OBSERVATION = of(Kind.OBSERVATION);
  public static final Cause CONFIGURATION = of(Kind.CONFIGURATION);

  private static Cause of(Kind kind) {
    return new Cause(kind, Optional.empty(), Optional.empty());
  }

  /** The same cause, for a reason that somebody gave. */
  public Cause because(Optional<String> why) {
    return why.isEmpty() ? this : new Cause(kind, detail, why);
  }

  /** A rule of the retention policy. */
  public static Cause retention(String rule) {
    return new Cause(Kind.RETENTION, Optional.of(rule), Optional.empty());
  }

  public static Cause digestDelete(String digest) {
    return new Cause(Kind.DIGEST_DELETE, Optional.of(digest), Optional.empty());
  }

  /** Something comes back as it was after the event at a position. */
  public static Cause restore(long position) {
    return new Cause(Kind.RESTORE, Optional.of("position " + position), Optional.empty());
  }
}
