package dev.stele.server.distribution;

import dev.stele.registry.EventEntry;
import dev.stele.registry.Refusal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The detail of a refusal of a blob that was there at a moment of the past: the events. */
final class PastDetail {
  private PastDetail() {}

  static Map<String, Object> detail(Refusal.ImageGone image) {
    Map<String, Object> detail = detail(image.first());
    detail.put("reference", image.reference().toString());
    detail.put("swept", image.swept());
    return detail;
  }

  static Map<String, Object> detail(Refusal.BlobGone gone) {
    List<EventEntry> story = gone.story();
    Map<String, Object> detail = new LinkedHashMap<>();
    detail.put("name", gone.repository());
    detail.put("digest", gone.digest());
    detail.put("asOf", gone.asOf().position());
    detail.put("events", story.stream().map(PastDetail::entry).toList());
    if (story.size() == 3) {
      detail.put(
          "unreachableFor",
          Duration.between(story.get(0).recordedAt(), story.get(1).recordedAt()).toString());
    }
    return detail;
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
}
