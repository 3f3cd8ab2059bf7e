package dev.stele.event;

import java.util.Optional;

/**
 * Somebody or something that acts. Two are the same if all of this is.
 *
 * @param name as the access policy knows them
 * @param kind what they are, and so who vouches for the name
 * @param issuer the name, in the configuration, of the service that vouched for them; absent: this
 *     registry, or its machine
 */
public record Identity(String name, Kind kind, Optional<String> issuer) {
  public Identity {
    name = CanonicalJson.wellFormed(name);
  }

  /** What acts. The names are part of the record: never rename one. */
  public enum Kind {
    /** A person, or a program with a person's credentials. */
    USER,
    /** An account for a program. */
    ROBOT,
    /** A job or a service that another system vouches for. */
    WORKLOAD,
    /** Who holds the key of a client certificate. */
    CERTIFICATE,
    /** A user of the machine that a node runs on. */
    LOCAL,
    /** The registry itself. */
    SYSTEM,
    /** Whoever did not sign in. */
    ANONYMOUS,
    /** Who somebody said they were that could not prove it. */
    CLAIMED
  }

  /** Whoever did not sign in. */
  public static final Identity NOBODY = new Identity("anonymous", Kind.ANONYMOUS, Optional.empty());

  /** What is shown where what is kept of somebody is not what the log has. No user has the name. */
  public static final Identity ALTERED =
      new Identity("stele:altered", Kind.CLAIMED, Optional.empty());

  /** A user of this registry. */
  public static Identity user(String name) {
    return new Identity(name, Kind.USER, Optional.empty());
  }

  /** An account of a program. */
  public static Identity robot(RobotName robot) {
    return new Identity(robot.user(), Kind.ROBOT, Optional.empty());
  }

  /** A part of the registry that acts by itself. */
  public static Identity system(String name) {
    return new Identity(name, Kind.SYSTEM, Optional.empty());
  }
}
