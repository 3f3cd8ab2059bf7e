package dev.stele.question;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Why an event happened.
 *
 * @param reason what whoever asked for it said
 */
public record CauseRow(String kind, Optional<String> detail, Optional<String> reason) {
  static CauseRow of(JsonNode cause) {
    return new CauseRow(cause.path("kind").asText(), text(cause, "detail"), text(cause, "reason"));
  }

  private static Optional<String> text(JsonNode cause, String key) {
    return Optional.ofNullable(cause.get(key)).map(JsonNode::asText);
  }

  /** For people: the kind, the detail and, in quotation marks, the reason. */
  List<Object> words() {
    List<Object> words = new ArrayList<>();
    words.add(kind);
    detail.map(DigestText::orText).ifPresent(words::add);
    reason.map(text -> '"' + text + '"').ifPresent(words::add);
    return words;
  }
}
