package dev.stele.question;

import dev.stele.history.DigestStates;
import dev.stele.oci.Digest;
import dev.stele.oci.DigestBeginning;
import dev.stele.oci.InvalidNameException;
import dev.stele.registry.Archive;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A digest as somebody writes it: whole, or its beginning as tables print it, such as {@code
 * sha256:a294c69f6ace}.
 */
public record DigestText(String text) {
  private static final Pattern BEGINNING = Pattern.compile("(?:sha256|sha512):[0-9a-f]{6,127}");
  private static final int CANDIDATES = 5;

  /**
   * Reads a digest or the beginning of one.
   *
   * @throws InvalidNameException if it is neither
   */
  public static DigestText parse(String text) {
    if (BEGINNING.matcher(text).matches()) {
      DigestBeginning _ = DigestBeginning.parse(text);
    } else {
      Digest _ = Digest.parse(text);
    }
    return new DigestText(text);
  }

  /** Whether it is a whole digest, rather than the beginning of one. */
  public boolean whole() {
    return orText(text) instanceof Digest;
  }

  /**
   * The digest that is meant, of all that the record speaks of; a whole one need not be among them.
   *
   * @param anywhere whether who asks may read all of the record; else it must be a whole digest,
   *     since what it is the beginning of tells what there is
   * @throws RefusedRequestException if none begins so, or more than one does
   */
  public Digest resolve(Archive archive, boolean anywhere) {
    try {
      return Digest.parse(text);
    } catch (InvalidNameException e) {
      if (!anywhere) {
        throw new DistributionError(
                400,
                ErrorCode.DIGEST_INVALID,
                "write the whole digest: its beginning is understood for whoever may read all of"
                    + " the record")
            .asException();
      }
      List<Digest> candidates =
          new DigestStates(archive).beginningWith(DigestBeginning.parse(text), CANDIDATES + 1);
      if (candidates.size() == 1) {
        return candidates.getFirst();
      }
      throw new DistributionError(
              candidates.isEmpty() ? 404 : 400,
              candidates.isEmpty() ? ErrorCode.BLOB_UNKNOWN : ErrorCode.DIGEST_INVALID,
              candidates.isEmpty()
                  ? "no digest on record begins with " + text
                  : text + " is the beginning of " + names(candidates),
              Map.of("digest", text))
          .asException();
    }
  }

  private static String names(List<Digest> candidates) {
    return candidates.stream()
        .limit(CANDIDATES)
        .map(Digest::toString)
        .collect(
            Collectors.joining(", ", "", candidates.size() > CANDIDATES ? " and of more" : ""));
  }

  /** A text as the digest that it is, or as it is: tables shorten digests. */
  public static Object orText(String text) {
    try {
      return Digest.parse(text);
    } catch (InvalidNameException e) {
      return text; // Most texts are no digests.
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
