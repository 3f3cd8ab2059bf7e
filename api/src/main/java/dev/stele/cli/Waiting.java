package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** What a command says that asked for what takes more persons. */
final class Waiting {
  /** The exit status: it is neither done nor has it failed. */
  static final int STATUS = 3;

  private Waiting() {}

  /**
   * In words.
   *
   * @param approval as the server answers, see {@link dev.stele.question.ApprovalRow}
   */
  static String words(JsonNode approval) {
    List<String> names = new ArrayList<>();
    approval.path("by").forEach(name -> names.add(name.asText()));
    return "it takes %d persons, and %s asked for it. Others have to do the same by %s"
        .formatted(
            approval.path("needed").asInt(),
            String.join(", ", names),
            approval.path("until").asText());
  }
}
