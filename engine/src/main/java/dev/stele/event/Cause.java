package dev.stele.event;

import java.util.Optional;

/**
 * Why an event happened.
 *
 * @param detail what a reader needs beside the kind, such as the digest whose deletion took a tag
 *     along
 */
public record Cause(Kind kind, Optional<String> detail) {
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

  public static final Cause CLIENT_REQUEST = new Cause(Kind.CLIENT_REQUEST, Optional.empty());

  public static final Cause COLLECTOR = new Cause(Kind.COLLECTOR, Optional.empty());
  public static final Cause OBSERVATION = new Cause(Kind.OBSERVATION, Optional.empty());
  public static final Cause CONFIGURATION = new Cause(Kind.CONFIGURATION, Optional.empty());

  /** A rule of the retention policy. */
  public static Cause retention(String rule) {
    return new Cause(Kind.RETENTION, Optional.of(rule));
  }

  public static Cause digestDelete(String digest) {
    return new Cause(Kind.DIGEST_DELETE, Optional.of(digest));
  }

  /** Something comes back as it was after the event at a position. */
  public static Cause restore(long position) {
    return new Cause(Kind.RESTORE, Optional.of("position " + position));
  }
}
