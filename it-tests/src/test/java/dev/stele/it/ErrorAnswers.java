package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;

/** Assertions on refusals: the status and the specification's error document. */
final class ErrorAnswers {
  private ErrorAnswers() {}

  /** The answer is that status with an error document whose first error has one of these codes. */
  static void assertError(HttpResponse<byte[]> answer, int status, String... codes) {
    assertThat(answer.statusCode()).as(() -> describe(answer)).isEqualTo(status);
    assertThat(firstError(answer).path("code").asText())
        .as(() -> describe(answer))
        .isIn((Object[]) codes);
  }

  /** The answer blames the request (4xx) and says why in the specification's form. */
  static void assertBlamesRequest(HttpResponse<byte[]> answer) {
    assertThat(answer.statusCode()).as(() -> describe(answer)).isBetween(400, 499);
    assertThat(firstError(answer).path("code").asText())
        .as(() -> describe(answer))
        .matches("[A-Z_]+");
  }

  private static JsonNode firstError(HttpResponse<byte[]> answer) {
    assertThat(answer.headers().firstValue("Content-Type").orElse(""))
        .as(() -> describe(answer))
        .startsWith("application/json");
    JsonNode errors = RegistryClient.json(answer).path("errors");
    assertThat(errors.isArray() && !errors.isEmpty()).as(() -> describe(answer)).isTrue();
    assertThat(errors.get(0).path("message").asText()).as(() -> describe(answer)).isNotEmpty();
    return errors.get(0);
  }

  private static String describe(HttpResponse<byte[]> answer) {
    return new UnexpectedAnswerException(answer).getMessage();
  }
}
