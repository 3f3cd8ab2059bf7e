package dev.stele.evidence;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.CorruptLeafException;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.merkle.Hash;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * An event of the evidence. Do not modify the array.
 *
 * @param bytes as the log has them
 * @param json the same, read
 * @param event the same, understood
 */
@SuppressWarnings("ArrayRecordComponent") // read-only
record EvidenceLeaf(byte[] bytes, JsonNode json, RecordedEvent event) {
  private static final EventCodec CODEC = new EventCodec();

  /**
   * Reads one.
   *
   * @throws CorruptLeafException if it is none
   */
  static EvidenceLeaf of(byte[] bytes) {
    return new EvidenceLeaf(bytes, CODEC.tree(bytes), CODEC.decode(bytes));
  }

  long position() {
    return event.position();
  }

  Hash hash() {
    return Hash.leaf(bytes);
  }

  /** What it commits to. */
  Stream<String> commitments() {
    return Stream.of(json.get("actor"), json.get("origin"), json.get("data").get("user"))
        .filter(Objects::nonNull)
        .map(JsonNode::asText);
  }
}
