package dev.stele.server.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A JSON object that a client sends, read strictly: a key that is not known, one that is there
 * twice, or a value of another type is answered 400 with its name. A null counts as left out.
 */
public final class JsonBody {
  private static final int LARGEST = 64 << 10;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final JsonNode object;

  private JsonBody(JsonNode object) {
    this.object = object;
  }

  /**
   * Reads the body of a request.
   *
   * @param keys those that it may have
   * @throws RefusedRequestException 400 if it is anything else, 413 if it is longer than 64 KiB
   */
  public static JsonBody read(Exchange exchange, String... keys) throws IOException {
    byte[] bytes = exchange.bytes(LARGEST);
    if (bytes.length > LARGEST) {
      throw new DistributionError(
              413, ErrorCode.SIZE_INVALID, "the body may have " + LARGEST + " bytes at most")
          .asException();
    }
    List<String> known = Arrays.asList(keys);
    JsonNode object;
    try {
      object = MAPPER.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw invalid("the body is not JSON: " + e.getOriginalMessage());
    }
    if (!object.isObject()) {
      throw invalid("the body must be a JSON object with the keys " + String.join(", ", known));
    }
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      if (!known.contains(entry.getKey())) {
        throw invalid(
            "the body's key %s is not known; known are %s"
                .formatted(Json.text(entry.getKey()), String.join(", ", known)));
      }
    }
    return new JsonBody(object);
  }

  private Optional<JsonNode> find(String key) {
    return Optional.ofNullable(object.get(key)).filter(value -> !value.isNull());
  }

  /** A text. */
  public Optional<String> text(String key) {
    return find(key)
        .map(
            value -> {
              if (!value.isTextual()) {
                throw invalid(key + " must be a text");
              }
              return value.textValue();
            });
  }

  /** A text that must be there. */
  public String required(String key, String meaning) {
    return text(key).orElseThrow(() -> invalid(key + " is missing: " + meaning));
  }

  /**
   * A text, read.
   *
   * @param parser throws {@link IllegalArgumentException} whose message continues the key; names
   *     that are invalid are answered as everywhere
   */
  public static <T> T parse(String key, String text, Function<String, T> parser) {
    try {
      return parser.apply(text);
    } catch (dev.stele.oci.InvalidNameException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw invalid(key + " " + e.getMessage());
    }
  }

  /** True or false; false if it is left out. */
  public boolean truth(String key) {
    return find(key)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw invalid(key + " must be true or false");
              }
              return value.booleanValue();
            })
        .orElse(false);
  }

  /** 400 with this message. */
  public static RefusedRequestException invalid(String message) {
    return new DistributionError(400, ErrorCode.REQUEST_INVALID, message).asException();
  }
}
