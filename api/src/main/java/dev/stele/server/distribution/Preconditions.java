package dev.stele.server.distribution;

import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Precondition;
import dev.stele.registry.Precondition.Selection;
import dev.stele.registry.Refusal;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Entity tags and what requests demand of them (RFC 9110, sections 8.8.3 and 13.1). The entity tag
 * of content is its quoted digest, always a strong one.
 */
final class Preconditions {
  /**
   * One element of a list of entity tags, which may be empty, up to its comma. Some clients send a
   * digest without quotes. Nothing here can be matched in two ways, so it takes linear time.
   */
  private static final Pattern ELEMENT =
      Pattern.compile(
          "\\G[ \\t]*+"
              + "(?:(W/)?\"([\\x21\\x23-\\x7e\\x80-\\xff]*+)\"|([a-z0-9]++:[0-9a-f]++))?"
              + "[ \\t]*+(,|$)");

  private Preconditions() {}

  /** The entity tag of content. */
  static String entityTag(Digest digest) {
    return '"' + digest.toString() + '"';
  }

  /**
   * What a request demands.
   *
   * @throws dev.stele.server.http.RefusedRequestException 400 if a header is malformed
   */
  static Precondition of(Exchange exchange) {
    // Weak tags are never equal where the strong comparison is asked for (section 8.8.3.2).
    return new Precondition(
        selection(exchange, "If-Match", false), selection(exchange, "If-None-Match", true));
  }

  private static Optional<Selection> selection(Exchange exchange, String header, boolean weakToo) {
    return exchange.listHeader(header).map(list -> selection(header, list, weakToo));
  }

  private static Selection selection(String header, String list, boolean weakToo) {
    if (list.strip().equals("*")) {
      return new Selection.Anything();
    }
    Set<Digest> digests = new HashSet<>();
    boolean empty = true;
    Matcher element = ELEMENT.matcher(list);
    for (int end = 0; end < list.length(); end = element.end()) {
      if (!element.find()) {
        throw malformed(header);
      }
      String tag = element.group(2) == null ? element.group(3) : element.group(2);
      empty &= tag == null;
      if (tag != null && (weakToo || element.group(1) == null)) {
        digest(tag).ifPresent(digests::add);
      }
    }
    if (empty) {
      throw malformed(header);
    }
    return new Selection.AnyOf(digests);
  }

  /** What is no digest is the tag of something else. */
  private static Optional<Digest> digest(String tag) {
    try {
      return Optional.of(Digest.parse(tag));
    } catch (InvalidNameException _) {
      return Optional.empty();
    }
  }

  private static RuntimeException malformed(String header) {
    return new DistributionError(
            400,
            ErrorCode.REQUEST_INVALID,
            header + " must be * or a list of entity tags, such as \"sha256:...\" in its quotes")
        .asException();
  }

  /**
   * Whether a reader has the content already, so that the answer is 304.
   *
   * @throws dev.stele.server.http.RefusedRequestException 412 if it demands other content
   */
  static boolean notModified(
      Exchange exchange, RepositoryName repository, Reference reference, Digest digest) {
    return switch (of(exchange).failed(Optional.of(digest)).orElse(null)) {
      case null -> false;
      case NONE_MATCH -> true;
      case MATCH ->
          throw Refusals.toError(
                  new Refusal.PreconditionFailed(repository, reference, Optional.of(digest)))
              .asException();
    };
  }
}
