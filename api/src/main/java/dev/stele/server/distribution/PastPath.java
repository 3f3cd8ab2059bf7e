package dev.stele.server.distribution;

import dev.stele.log.Moment;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.server.http.RawPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An address {@code /v2/at/<moment>/...}: what {@code /v2/...} was at that moment.
 *
 * @param root as far as the moment, with a slash
 */
record PastPath(Moment moment, DistributionRoute route, String root) {
  /** A date, perhaps with a time, in one of the ways that people try. */
  private static final Pattern TIME =
      Pattern.compile(
          "([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:t([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?)?z?",
          Pattern.CASE_INSENSITIVE);

  /**
   * Reads an address; empty if it does not speak of the past. A repository {@code at/<moment>},
   * with no segment after it, does not: nothing of the past could be meant.
   *
   * @throws InvalidNameException if it does, but there is no such date or time; or if what is in
   *     the place of the moment is none, and no part of a repository's name either
   */
  static Optional<PastPath> parse(RawPath path) {
    if (path.size() < 4 || !path.startsWith("v2", "at")) {
      return Optional.empty();
    }
    String written = path.segments().get(2);
    List<String> present = new ArrayList<>(List.of("v2"));
    present.addAll(path.segments().subList(3, path.size()));
    Optional<DistributionRoute> route = DistributionRoute.parse(new RawPath(present));
    if (route.isEmpty()) {
      return Optional.empty();
    }
    Optional<Moment> moment = Moment.inPath(written);
    if (moment.isEmpty()) {
      requireName(written);
    }
    return moment.map(then -> new PastPath(then, route.get(), "/v2/at/" + written + "/"));
  }

  private static void requireName(String written) {
    try {
      RepositoryName _ = RepositoryName.parse("at/" + written);
    } catch (InvalidNameException e) {
      InvalidNameException invalid =
          new InvalidNameException(
              InvalidNameException.Kind.MOMENT,
              "at/%s/ is neither a moment of the past nor the beginning of a repository's name; if a moment is meant, %s"
                  .formatted(InvalidNameException.quote(written), right(written)));
      invalid.initCause(e);
      throw invalid;
    }
  }

  /** What whoever asks for a repository may have meant, if its name looks like one of the past. */
  static Optional<String> meant(RepositoryName repository) {
    String[] parts = repository.value().split("/", 3);
    return parts.length == 3 && parts[0].equals("at")
        ? Optional.of("if a moment of the past is meant, " + right(parts[1]))
        : Optional.empty();
  }

  /** How to write a moment that was written in another way. */
  private static String right(String written) {
    Matcher time = TIME.matcher(written);
    if (time.matches()) {
      String compact =
          "%s%s%st%s%s%sz"
              .formatted(
                  time.group(1),
                  time.group(2),
                  time.group(3),
                  Optional.ofNullable(time.group(4)).orElse("00"),
                  Optional.ofNullable(time.group(5)).orElse("00"),
                  Optional.ofNullable(time.group(6)).orElse("00"));
      if (isMoment(compact)) {
        return "write at/%s/, which is a time in UTC to the second".formatted(compact);
      }
    }
    return "write a position of the log such as at/p12345/, or a time in UTC such as"
        + " at/20260303t140500z/";
  }

  private static boolean isMoment(String compact) {
    try {
      return Moment.inPath(compact).isPresent();
    } catch (InvalidNameException _) {
      return false; // there is no such date or time
    }
  }
}
