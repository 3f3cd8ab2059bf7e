package dev.stele.question;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Why;
import dev.stele.oci.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Why an event happened.
 *
 * @param reason what whoever asked for it said
 */
public record CauseRow(String kind, Optional<String> detail, Optional<String> reason)
    implements Words {
  /**
   * Why a tag began or ceased to point to a digest.
   *
   * @param why of the event at which it did, which is the deletion of the manifest for a tag that
   *     went with it
   */
  static CauseRow ofTag(Why why, Digest digest) {
    Cause cause =
        why.type().equals(Event.ManifestDeleted.class.getSimpleName())
            ? Cause.digestDelete(digest.toString()).because(why.cause().reason())
            : why.cause();
    return new CauseRow(cause.kind().name(), cause.detail(), cause.reason());
  }

  static CauseRow of(JsonNode cause) {
    return new CauseRow(cause.path("kind").asText(), text(cause, "detail"), text(cause, "reason"));
  }

  private static Optional<String> text(JsonNode cause, String key) {
    return Optional.ofNullable(cause.get(key)).map(JsonNode::asText);
  }

  /** The kind, the detail and, in quotation marks, the reason. */
  @Override
  public List<Object> words() {
    List<Object> words = new ArrayList<>();
    words.add(kind);
    detail.map(DigestText::orText).ifPresent(words::add);
    reason.map(text -> '"' + text + '"').ifPresent(words::add);
    return words;
  }
}
