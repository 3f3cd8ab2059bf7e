package dev.stele.question;

import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.util.function.Function;

/**
 * A parameter of a question: how it is called, and how its text is read.
 *
 * @param reader throws {@link IllegalArgumentException} whose message continues the name, or {@link
 *     InvalidNameException}, whose message stands by itself
 */
public record Parameter<T>(String name, Function<String, T> reader) {
  static final Parameter<Moment> AT = new Parameter<>("at", Moment::parse);
  static final Parameter<Moment> FROM = new Parameter<>("from", Moment::parse);
  static final Parameter<Moment> TO = new Parameter<>("to", Moment::parse);
  static final Parameter<Long> AFTER = position("after");
  static final Parameter<Long> BEFORE = position("before");
  static final Parameter<DigestText> DIGEST = new Parameter<>("digest", DigestText::parse);
  static final Parameter<RepositoryGlob> REPOSITORY =
      new Parameter<>("repository", RepositoryGlob::parse);
  static final Parameter<String> LIMIT = text("limit");
  static final Parameter<String> LAST = text("last");
  static final Parameter<Digest> LAST_DIGEST = new Parameter<>("last", Digest::parse);
  static final Parameter<Tag> LAST_TAG = new Parameter<>("last", Tag::parse);

  /** A text as it comes. */
  static Parameter<String> text(String name) {
    return new Parameter<>(name, Function.identity());
  }

  /** A position of the log; -1 is before the first. */
  static Parameter<Long> position(String name) {
    return new Parameter<>(
        name,
        digits -> {
          if (!digits.matches("-1|[0-9]{1,18}")) {
            throw new IllegalArgumentException("must be a position of the log, or -1");
          }
          return Long.valueOf(digits);
        });
  }

  /** One of some words. */
  static Parameter<String> oneOf(String name, String... words) {
    return new Parameter<>(
        name,
        text -> {
          for (String word : words) {
            if (word.equals(text)) {
              return word;
            }
          }
          throw new IllegalArgumentException("must be " + String.join(" or ", words));
        });
  }

  /**
   * Reads a text.
   *
   * @throws RefusedRequestException 400 saying what is wrong with it
   */
  T read(String text) {
    try {
      return reader.apply(text);
    } catch (InvalidNameException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw invalid(name + " " + e.getMessage());
    }
  }

  /** 400 with this message. */
  static RefusedRequestException invalid(String message) {
    return new DistributionError(400, ErrorCode.REQUEST_INVALID, message).asException();
  }
}
