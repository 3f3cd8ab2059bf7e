package dev.stele.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Optional;
import java.util.regex.Pattern;

/** The name of a robot: words of a-z and 0-9 with one of . _ - between, 64 characters at most. */
public record RobotName(String value) implements Comparable<RobotName> {
  /** What the names begin with by which robots sign in. No user has such a name. */
  public static final String PREFIX = "robot+";

  private static final int LONGEST = 64;
  private static final Pattern GRAMMAR = Pattern.compile("[a-z0-9]+(?:[._-][a-z0-9]+)*");

  public RobotName {
    if (value.length() > LONGEST || !GRAMMAR.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "must be a robot's name: words of a-z and 0-9 with one of '.', '_' and '-' between, "
              + LONGEST
              + " characters at most");
    }
  }

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException if it is none; the message continues what it is called
   */
  @JsonCreator
  public static RobotName parse(String text) {
    return new RobotName(text);
  }

  /** Whether a name is one by which robots sign in, whether or not there can be such a robot. */
  public static boolean isReserved(String user) {
    return user.startsWith(PREFIX);
  }

  /** The robot that signs in by this name; empty if none can. */
  public static Optional<RobotName> ofUser(String user) {
    if (!isReserved(user)) {
      return Optional.empty();
    }
    try {
      return Optional.of(parse(user.substring(PREFIX.length())));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The name by which it signs in, and which the access policy knows. */
  public String user() {
    return PREFIX + value;
  }

  @Override
  public int compareTo(RobotName other) {
    return value.compareTo(other.value);
  }

  @Override
  @JsonValue
  public String toString() {
    return value;
  }
}
