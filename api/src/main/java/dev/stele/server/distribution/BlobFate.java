package dev.stele.server.distribution;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.registry.EventEntry;
import dev.stele.registry.Refusal;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Says what became of a blob that was there at a moment of the past. The message is for people:
 * clients such as podman print nothing else. The detail has the events.
 */
final class BlobFate {
  private BlobFate() {}

  static DistributionError error(Refusal.BlobGone gone) {
    return new DistributionError(
        404,
        ErrorCode.BLOB_UNKNOWN,
        "blob %s of %s was there at %s, but %s"
            .formatted(gone.digest(), gone.repository(), gone.asOf(), fate(gone)),
        detail(gone));
  }

  static DistributionError error(Refusal.ImageGone image) {
    Refusal.BlobGone gone = image.first();
    Map<String, Object> detail = detail(gone);
    detail.put("reference", image.reference().toString());
    detail.put("swept", image.swept());
    return new DistributionError(
        404,
        ErrorCode.MANIFEST_UNKNOWN,
        "%s of %s was there at %s, but %d of its blobs are no longer kept; of %s: %s"
            .formatted(
                image.reference(),
                gone.repository(),
                gone.asOf(),
                image.swept().size(),
                gone.digest(),
                fate(gone)),
        detail);
  }

  private static Map<String, Object> detail(Refusal.BlobGone gone) {
    List<EventEntry> story = gone.story();
    Map<String, Object> detail = new LinkedHashMap<>();
    detail.put("name", gone.repository());
    detail.put("digest", gone.digest());
    detail.put("asOf", gone.asOf().position());
    detail.put("events", story.stream().map(BlobFate::entry).toList());
    if (story.size() == 3) {
      detail.put(
          "unreachableFor",
          Duration.between(story.get(0).recordedAt(), story.get(1).recordedAt()).toString());
    }
    return detail;
  }

  private static String fate(Refusal.BlobGone gone) {
    return gone.story().isEmpty()
        ? "its bytes are damaged or missing in the store"
        : gone.story().stream().map(BlobFate::clause).collect(Collectors.joining("; "));
  }

  private static Map<String, Object> entry(EventEntry event) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("position", event.position());
    entry.put("type", event.type());
    entry.put("recordedAt", event.recordedAt().toString());
    event.actor().ifPresent(actor -> entry.put("actor", actor));
    entry.put("cause", event.cause());
    entry.put("data", event.data());
    return entry;
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
