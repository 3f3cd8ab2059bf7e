package dev.stele.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Brings the data of older schemas to the present one, step by step, on reading. Nothing recorded
 * is ever rewritten. Immutable and thread-safe.
 */
final class Upcasters {
  /** For a log whose events are all of their first schema. */
  static final Upcasters NONE = new Upcasters(Map.of());

  /** For logs as they were written by any version so far. */
  static final Upcasters STANDARD =
      NONE.with(
              "ManifestPut",
              1,
              data -> {
                ObjectNode withTags = data.deepCopy();
                withTags.putArray("tags");
                return withTags;
              })
          .with(
              "HoldReleased",
              1,
              data -> {
                ObjectNode withApprovals = data.deepCopy();
                withApprovals.putArray("approvals");
                return withApprovals;
              })
          .with(
              "AccessDenied",
              1,
              data -> {
                ObjectNode withReason = data.deepCopy();
                withReason.put("reason", Event.AccessDenied.Reason.RIGHT.name());
                return withReason;
              })
          .with(
              "ServerStarted",
              1,
              data -> {
                ObjectNode withKilled = data.deepCopy();
                withKilled.put("killed", false);
                return withKilled;
              })
          .with("ConfigurationChanged", 1, data -> data);

  private record Step(String type, int fromSchema) {}

  private final Map<Step, UnaryOperator<JsonNode>> steps;

  private Upcasters(Map<Step, UnaryOperator<JsonNode>> steps) {
    this.steps = steps;
  }

  /**
   * These upcasters and one that turns data of {@code fromSchema} into data of the next schema; it
   * must be a pure function.
   */
  Upcasters with(String type, int fromSchema, UnaryOperator<JsonNode> upcaster) {
    Map<Step, UnaryOperator<JsonNode>> more = new HashMap<>(steps);
    more.put(new Step(type, fromSchema), upcaster);
    return new Upcasters(Map.copyOf(more));
  }

  /** Data, and the schema that it has been brought to. */
  record Upcast(JsonNode data, int schema) {}

  Upcast upcast(String type, int schema, JsonNode data) {
    Upcast current = new Upcast(data, schema);
    for (UnaryOperator<JsonNode> step = steps.get(new Step(type, schema)); step != null; ) {
      current = new Upcast(step.apply(current.data()), current.schema() + 1);
      step = steps.get(new Step(type, current.schema()));
    }
    return current;
  }
}
