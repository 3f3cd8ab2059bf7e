package dev.stele.event;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Turns events into leaf bytes and back. A leaf is canonical JSON (see {@link CanonicalJson}):
 *
 * <pre>{@code
 * {"actor":"<64 hex digits>","at":"2026-03-03T14:05:00.000000Z","cause":{"kind":"CLIENT_REQUEST"},
 *  "clock":"2026-03-03T14:05:00.000000Z","command":"<uuid>","data":{...},"origin":"<64 hex digits>",
 *  "position":"17","previous":"12","request":"...","salt":"<32 hex digits>","schema":1,"type":"TagMoved"}
 * }</pre>
 *
 * <p>64-bit integers are strings, absent values are left out. The salt is random, so that a
 * published hash does not give away a guessed event. At most {@value #MAX_LEAF_BYTES} bytes.
 * Thread-safe.
 */
public final class EventCodec {
  /** A leaf must fit the two-byte length of an entry bundle (C2SP tlog-tiles). */
  public static final int MAX_LEAF_BYTES = 65_535;

  private static final Map<String, Class<?>> TYPES =
      types(Event.class)
          .collect(Collectors.toUnmodifiableMap(Class::getSimpleName, Function.identity()));

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final ObjectMapper json =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .addModule(
              new SimpleModule()
                  .addSerializer(Long.class, ToStringSerializer.instance)
                  .addSerializer(Long.TYPE, ToStringSerializer.instance)
                  .addSerializer(Instant.class, new TimeSerializer())
                  .addDeserializer(Instant.class, new TimeDeserializer()))
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_ABSENT, JsonInclude.Include.NON_ABSENT))
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .build();
  private final Upcasters upcasters;
  private final SecureRandom random = new SecureRandom();

  public EventCodec() {
    this(Upcasters.STANDARD);
  }

  /** A codec that reads older schemas through these upcasters. */
  EventCodec(Upcasters upcasters) {
    this.upcasters = upcasters;
  }

  /**
   * The leaf of an event, with a fresh salt.
   *
   * @throws IllegalArgumentException if the leaf would be longer than {@link #MAX_LEAF_BYTES}
   */
  public byte[] encode(RecordedEvent recorded) {
    byte[] salt = new byte[16];
    random.nextBytes(salt);
    return encode(recorded, salt);
  }

  byte[] encode(RecordedEvent recorded, byte[] salt) {
    ObjectNode leaf = JsonNodeFactory.instance.objectNode();
    leaf.put("actor", recorded.by().identity().hex());
    leaf.put("at", TIME.format(recorded.recordedAt()));
    leaf.put("clock", TIME.format(recorded.clock()));
    leaf.set("cause", json.valueToTree(recorded.cause()));
    leaf.put("command", recorded.commandId().toString());
    leaf.set("data", json.valueToTree(recorded.event()));
    recorded.by().origin().ifPresent(origin -> leaf.put("origin", origin.hex()));
    leaf.put("position", Long.toString(recorded.position()));
    recorded.previous().ifPresent(position -> leaf.put("previous", Long.toString(position)));
    leaf.put("request", CanonicalJson.wellFormed(recorded.requestId()));
    leaf.put("salt", HexFormat.of().formatHex(salt));
    leaf.put("schema", recorded.event().schema());
    leaf.put("type", recorded.event().type());
    byte[] bytes = CanonicalJson.write(leaf);
    if (bytes.length > MAX_LEAF_BYTES) {
      throw new IllegalArgumentException(
          "a %s event of %d bytes does not fit a leaf of %d"
              .formatted(recorded.event().type(), bytes.length, MAX_LEAF_BYTES));
    }
    return bytes;
  }

  /**
   * Reads a leaf.
   *
   * @throws CorruptLeafException if the bytes are not a leaf that this codec could have written, or
   *     of a type or schema that it does not know
   */
  public RecordedEvent decode(byte[] leaf) {
    JsonNode node = tree(leaf);
    try {
      String type = required(node, "type").asText();
      Class<?> eventClass = TYPES.get(type);
      if (eventClass == null) {
        throw new CorruptLeafException("unknown event type " + type);
      }
      Upcasters.Upcast data =
          upcasters.upcast(type, required(node, "schema").asInt(), required(node, "data"));
      Event event = (Event) json.treeToValue(data.data(), eventClass);
      if (event.schema() != data.schema()) {
        throw new CorruptLeafException(
            "a %s event of schema %d cannot be read: this version of Stele knows schema %d"
                .formatted(type, data.schema(), event.schema()));
      }
      return new RecordedEvent(
          Long.parseLong(required(node, "position").asText()),
          node.has("previous")
              ? OptionalLong.of(Long.parseLong(node.get("previous").asText()))
              : OptionalLong.empty(),
          Instant.parse(required(node, "at").asText()),
          Instant.parse(required(node, "clock").asText()),
          initiator(node),
          json.treeToValue(required(node, "cause"), Cause.class),
          UUID.fromString(required(node, "command").asText()),
          event);
    } catch (JsonProcessingException | RuntimeException e) {
      throw e instanceof CorruptLeafException corrupt
          ? corrupt
          : new CorruptLeafException("a leaf cannot be read: " + e.getMessage(), e);
    }
  }

  private static Initiator initiator(JsonNode leaf) {
    return new Initiator(
        new Commitment(required(leaf, "actor").asText()),
        Optional.ofNullable(leaf.get("origin")).map(JsonNode::asText).map(Commitment::new),
        required(leaf, "request").asText());
  }

  /**
   * A leaf as JSON, as it was recorded.
   *
   * @throws CorruptLeafException if the bytes are not JSON
   */
  public JsonNode tree(byte[] leaf) {
    try {
      return json.readTree(leaf);
    } catch (IOException e) {
      throw new CorruptLeafException("a leaf is not JSON: " + e.getMessage(), e);
    }
  }

  /** The names of all types of events. */
  public static Set<String> typeNames() {
    return TYPES.keySet();
  }

  /** The names of the types of events that have any of these fields. */
  public static Set<String> typesWith(String... fields) {
    List<String> wanted = List.of(fields);
    return TYPES.entrySet().stream()
        .filter(
            type ->
                Arrays.stream(type.getValue().getRecordComponents())
                    .anyMatch(field -> wanted.contains(field.getName())))
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The time as the log counts it: whole microseconds. */
  public static Instant truncate(Instant time) {
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  private static final class TimeSerializer extends StdScalarSerializer<Instant> {
    private TimeSerializer() {
      super(Instant.class);
    }

    @Override
    public void serialize(Instant time, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeString(TIME.format(time));
    }
  }

  private static final class TimeDeserializer extends StdScalarDeserializer<Instant> {
    private TimeDeserializer() {
      super(Instant.class);
    }

    @Override
    public Instant deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return Instant.parse(in.getText());
    }
  }

  /** The records of a sealed hierarchy, each once. */
  static Stream<Class<?>> types(Class<?> sealed) {
    return sealed.isSealed()
        ? Arrays.stream(sealed.getPermittedSubclasses()).flatMap(EventCodec::types).distinct()
        : Stream.of(sealed);
  }

  private static JsonNode required(JsonNode node, String field) {
    JsonNode value = node.get(field);
    if (value == null) {
      throw new CorruptLeafException("a leaf lacks " + field);
    }
    return value;
  }
}
