package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.Arrays;

/** The registry answered with a status that the request should not have. */
final class UnexpectedAnswerException extends RuntimeException {
  private final int status;
  private final String retryAfter;

  UnexpectedAnswerException(HttpResponse<byte[]> answer, int... expected) {
    super(
        "%s %s answered %d where %s was expected: %s"
            .formatted(
                answer.request().method(),
                answer.request().uri(),
                answer.statusCode(),
                Arrays.toString(expected),
                new String(answer.body(), 0, Math.min(answer.body().length, 2000), UTF_8)));
    this.status = answer.statusCode();
    this.retryAfter = answer.headers().firstValue("Retry-After").orElse("");
  }

  /** The answer blames nobody and says when to come back: a registry that cannot work for now. */
  void assertUnavailable() {
    assertThat(status).as(getMessage()).isEqualTo(503);
    assertThat(retryAfter).as("Retry-After of: " + getMessage()).matches("[1-9][0-9]*");
  }
}
