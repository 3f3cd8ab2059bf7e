package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.temporal.ChronoUnit;
import java.util.stream.Collectors;

/**
 * Says what became of a blob that was there at a moment of the past. For people: clients such as
 * podman print nothing else.
 */
final class BlobFate {
  private BlobFate() {}

  static String of(Refusal.BlobGone gone) {
    return gone.story().isEmpty()
        ? "its bytes are damaged or missing in the store"
        : gone.story().stream().map(BlobFate::clause).collect(Collectors.joining("; "));
  }

  private static String clause(EventEntry event) {
    return "%s at %s (position %d)"
        .formatted(
            what(event), event.recordedAt().truncatedTo(ChronoUnit.SECONDS), event.position());
  }

  private static String what(EventEntry event) {
    String actor = event.actor().orElse("somebody");
    String tag = text(event.data(), "tag");
    return switch (event.type()) {
      case "TagMoved" -> actor + " moved tag " + tag + ", after which nothing referred to it";
      case "TagRestored" -> actor + " restored tag " + tag + ", after which nothing referred to it";
      case "HoldReleased" -> actor + " released hold " + text(event.data(), "hold");
      case "TagDeleted" ->
          text(event.cause(), "kind").equals("RETENTION")
              ? "the retention policy removed tag %s (%s)"
                  .formatted(tag, text(event.cause(), "detail"))
              : actor + " deleted tag " + tag;
      case "ManifestDeleted" -> actor + " deleted manifest " + text(event.data(), "digest");
      case "BlobDeleted" -> actor + " deleted it from the repository";
      case "BlobUploaded", "BlobMounted" -> actor + " pushed it, and no manifest has used it since";
      case "BlobUnlinked" -> "the collector removed it from the repository";
      case "BlobSwept" -> "its bytes were deleted";
      default -> actor + " brought about " + event.type();
    };
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asText();
  }
}
