package dev.stele.question;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Event;
import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.registry.EventEntry;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An event as people read it.
 *
 * @param actor who acted, by name; absent if they were forgotten
 * @param actorKind what they are
 * @param issuer who vouched for them, if that was not this registry
 * @param origin from where; absent if that is not known or they were forgotten
 * @param user whom it is about, by name, if that is a user and was not forgotten
 * @param data the event's own fields as the log has them, where 64-bit integers are texts; all
 *     other numbers of an answer are numbers, and below 2^53
 */
public record EventRow(
    long position,
    String recordedAt,
    String type,
    Optional<String> actor,
    Optional<Identity.Kind> actorKind,
    Optional<String> issuer,
    Optional<Origin> origin,
    Optional<String> user,
    Optional<String> repository,
    CauseRow cause,
    String requestId,
    JsonNode data) {
  /** The repository has a column of its own, and where a store keeps the bytes says nothing. */
  private static final Set<String> NOT_TOLD = Set.of("repository", "objectKey");

  /** A column a field of any type of events. */
  public static final Columns<EventRow> COLUMNS = columns();

  /** What people see of a list of them. */
  public static final Columns<EventRow> TABLE =
      Columns.over(EventRow.class)
          .with("position", EventRow::position)
          .with("recordedAt", EventRow::recordedAt)
          .with("type", EventRow::type)
          .with("actor", EventRow::actor)
          .with("repository", EventRow::repository)
          .with("cause", event -> event.cause().words())
          .with("data", EventRow::told);

  /** And of one. */
  static final Columns<EventRow> ONE =
      TABLE
          .with("actorKind", EventRow::actorKind)
          .with("issuer", EventRow::issuer)
          .with("address", row -> row.origin().flatMap(Origin::address))
          .with("agent", row -> row.origin().flatMap(Origin::agent))
          .with("credential", row -> row.origin().flatMap(Origin::credential))
          .with("requestId", EventRow::requestId);

  /** The row of an event. */
  public static EventRow of(EventEntry entry) {
    return new EventRow(
        entry.position(),
        entry.recordedAt().toString(),
        entry.type(),
        entry.actor(),
        entry.identity().map(Identity::kind),
        entry.identity().flatMap(Identity::issuer),
        entry.origin(),
        entry.user().map(Identity::name),
        entry.repository(),
        CauseRow.of(entry.cause()),
        entry.requestId(),
        entry.data());
  }

  private static Columns<EventRow> columns() {
    Columns<EventRow> columns = Columns.fields(EventRow.class, Set.of("data"));
    for (String field : fields()) {
      columns =
          columns.with(
              "data." + field,
              row -> Optional.ofNullable(row.data().get(field)).map(EventRow::cell));
    }
    return columns;
  }

  private static Set<String> fields() {
    Set<String> fields = new TreeSet<>();
    types(Event.class)
        .flatMap(type -> Arrays.stream(type.getRecordComponents()))
        .map(RecordComponent::getName)
        .forEach(fields::add);
    return fields;
  }

  private static Stream<Class<?>> types(Class<?> sealed) {
    return sealed.isSealed()
        ? Arrays.stream(sealed.getPermittedSubclasses()).flatMap(EventRow::types)
        : Stream.of(sealed);
  }

  /** Fields of events are texts, numbers, truth values and lists of texts. */
  private static Object cell(JsonNode value) {
    return value.isArray()
        ? StreamSupport.stream(value.spliterator(), false).map(JsonNode::asText).toList()
        : value.asText();
  }

  private Map<String, Object> told() {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : data.properties()) {
      if (!NOT_TOLD.contains(field.getKey())) {
        fields.put(field.getKey(), quoted(field.getValue()));
      }
      if (field.getKey().equals("user")) {
        user.ifPresent(name -> fields.put("user", name));
      }
    }
    return fields;
  }

  /** Free text may look like the next field. */
  private static Object quoted(JsonNode value) {
    if (value.isBoolean()) {
      return value.asBoolean();
    }
    if (!value.isTextual()) {
      return value.toString();
    }
    return value.asText().chars().anyMatch(Character::isWhitespace)
        ? value.toString()
        : DigestText.orText(value.asText());
  }
}
