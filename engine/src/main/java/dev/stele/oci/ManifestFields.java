package dev.stele.oci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the fields of a manifest that mean something here, whatever type they make it. Strict where
 * readers differ: UTF-8 without a byte order mark, each key once, no key that only its case tells
 * from one that has a meaning. What has no meaning is passed over, and takes no memory. Used by one
 * thread.
 */
final class ManifestFields {
  /** RFC 6838: at most 127 characters on either side of the slash. */
  private static final int LONGEST_MEDIA_TYPE = 255;

  private static final Set<String> MANIFEST_FIELDS =
      Set.of(
          "schemaVersion",
          "mediaType",
          "artifactType",
          "config",
          "layers",
          "manifests",
          "blobs",
          "fsLayers",
          "subject",
          "annotations");

  private static final Set<String> DESCRIPTOR_FIELDS =
      Set.of(
          "mediaType", "digest", "size", "artifactType", "annotations", "urls", "data", "platform");

  /**
   * An empty field has two, and a descriptor with a platform some 20: real documents of 4 MiB have
   * less than half of it.
   */
  private static final int MOST_TOKENS = 500_000;

  /** Of one object; names that were chosen to have one hash cost more than others. */
  private static final int MOST_ANNOTATIONS = 10_000;

  /** Names are not interned, so that nobody can fill a table of names that is kept. */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(64)
                  .maxTokenCount(MOST_TOKENS)
                  .build())
          .build();

  /** The fields that say what is listed, in their order, with what each lists; none if null. */
  final Map<String, List<Descriptor>> lists = new LinkedHashMap<>();

  boolean versionTwo;
  boolean versioned;
  Optional<String> mediaType = Optional.empty();
  Optional<String> artifactType = Optional.empty();
  Optional<Descriptor> subject = Optional.empty();
  Map<String, String> annotations = Map.of();

  private ManifestFields() {}

  static ManifestFields of(byte[] body) throws InvalidManifestException {
    String text = text(body);
    ManifestFields fields = new ManifestFields();
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new InvalidManifestException("a manifest is a JSON object");
      }
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = name(parser, MANIFEST_FIELDS, "");
        parser.nextToken();
        fields.take(parser, name);
      }
      if (parser.nextToken() != null) {
        throw new InvalidManifestException("something follows the manifest's JSON object");
      }
      return fields;
    } catch (JsonProcessingException e) {
      throw new InvalidManifestException(
          "the manifest is not valid JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new InvalidManifestException("the manifest cannot be read: " + e.getMessage());
    }
  }

  private static String text(byte[] body) throws InvalidManifestException {
    if (body.length == 0) {
      throw new InvalidManifestException("the manifest is empty");
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw new InvalidManifestException("the manifest is not UTF-8: " + e.getMessage());
    }
    if (text.charAt(0) == '\ufeff') {
      throw new InvalidManifestException(
          "the manifest begins with a byte order mark; send UTF-8 without one");
    }
    if (text.indexOf('\0') >= 0) {
      throw new InvalidManifestException(
          "the manifest is not UTF-8: it has zero bytes, as UTF-16 and UTF-32 have");
    }
    return text;
  }

  private void take(JsonParser parser, String name) throws IOException, InvalidManifestException {
    switch (name) {
      case "schemaVersion" -> {
        versioned = true;
        versionTwo =
            parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getNumberType() == JsonParser.NumberType.INT
                && parser.getIntValue() == 2;
        parser.skipChildren();
      }
      case "mediaType" -> mediaType = mediaType(parser, name);
      case "artifactType" -> artifactType = mediaType(parser, name);
      case "config" ->
          lists.put(name, isNull(parser) ? List.of() : List.of(descriptor(parser, name)));
      case "layers", "manifests", "blobs" -> lists.put(name, descriptors(parser, name));
      case "fsLayers" ->
          throw new InvalidManifestException(
              "fsLayers is a field of Docker's schema 1, which is not accepted; push with schema"
                  + " 2");
      case "subject" ->
          subject = isNull(parser) ? Optional.empty() : Optional.of(descriptor(parser, name));
      case "annotations" -> annotations = strings(parser, name);
      default -> parser.skipChildren();
    }
  }

  /** The name of the field at hand. */
  private static String name(JsonParser parser, Set<String> meaningful, String where)
      throws IOException, InvalidManifestException {
    String name = parser.currentName();
    if (!meaningful.contains(name)) {
      for (String other : meaningful) {
        if (other.equalsIgnoreCase(name)) {
          throw new InvalidManifestException(
              "%s%s is not %s, but some clients would read it as that; write %s"
                  .formatted(where, InvalidNameException.quote(name), other, other));
        }
      }
    }
    return name;
  }

  private static boolean isNull(JsonParser parser) {
    return parser.currentToken() == JsonToken.VALUE_NULL;
  }

  private static List<Descriptor> descriptors(JsonParser parser, String field)
      throws IOException, InvalidManifestException {
    if (isNull(parser)) {
      return List.of();
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw new InvalidManifestException(field + " must be a list");
    }
    List<Descriptor> found = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      found.add(descriptor(parser, field + "[" + found.size() + "]"));
    }
    return found;
  }

  private static Descriptor descriptor(JsonParser parser, String where)
      throws IOException, InvalidManifestException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new InvalidManifestException(where + " must be a descriptor object");
    }
    Optional<String> mediaType = Optional.empty();
    Optional<String> digest = Optional.empty();
    long size = -1;
    Optional<String> artifactType = Optional.empty();
    Map<String, String> annotations = Map.of();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = name(parser, DESCRIPTOR_FIELDS, where + ".");
      parser.nextToken();
      String field = where + "." + name;
      switch (name) {
        case "mediaType" -> mediaType = mediaType(parser, field);
        case "digest" -> digest = string(parser, field);
        case "size" -> size = size(parser, field);
        case "artifactType" -> artifactType = mediaType(parser, field);
        case "annotations" -> annotations = strings(parser, field);
        default -> parser.skipChildren();
      }
    }
    if (mediaType.isEmpty()) {
      throw new InvalidManifestException(where + " lacks mediaType");
    }
    if (digest.isEmpty()) {
      throw new InvalidManifestException(where + " lacks digest");
    }
    if (size < 0) {
      throw new InvalidManifestException(where + " lacks size");
    }
    try {
      return new Descriptor(
          mediaType.get(), Digest.parse(digest.get()), size, artifactType, annotations);
    } catch (InvalidNameException e) {
      throw new InvalidManifestException(where + ".digest: " + e.getMessage());
    }
  }

  private static long size(JsonParser parser, String where)
      throws IOException, InvalidManifestException {
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
        || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
        || parser.getLongValue() < 0) {
      throw new InvalidManifestException(where + " must be a whole number of bytes, not negative");
    }
    return parser.getLongValue();
  }

  private static Optional<String> mediaType(JsonParser parser, String where)
      throws IOException, InvalidManifestException {
    Optional<String> type = string(parser, where);
    if (type.isPresent() && type.get().length() > LONGEST_MEDIA_TYPE) {
      throw new InvalidManifestException(
          "%s has %d characters; a media type has at most %d"
              .formatted(where, type.get().length(), LONGEST_MEDIA_TYPE));
    }
    return type;
  }

  private static Optional<String> string(JsonParser parser, String where)
      throws IOException, InvalidManifestException {
    if (isNull(parser)) {
      return Optional.empty();
    }
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw new InvalidManifestException(where + " must be a string");
    }
    String value = characters(parser.getText(), where);
    if (value.codePoints().anyMatch(c -> c < 0x20 || c == 0x7f)) {
      throw new InvalidManifestException(where + " must not have control characters");
    }
    return Optional.of(value).filter(text -> !text.isEmpty());
  }

  private static Map<String, String> strings(JsonParser parser, String where)
      throws IOException, InvalidManifestException {
    if (isNull(parser)) {
      return Map.of();
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new InvalidManifestException(where + " must be an object of strings");
    }
    Map<String, String> found = new HashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      if (found.size() == MOST_ANNOTATIONS) {
        throw new InvalidManifestException(
            "%s has more than %d entries".formatted(where, MOST_ANNOTATIONS));
      }
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw new InvalidManifestException(where + " must be an object of strings");
      }
      found.put(characters(key, where), characters(parser.getText(), where));
    }
    return found;
  }

  /** An escape can name half of a character, which no UTF-8 can tell on. */
  private static String characters(String text, String where) throws InvalidManifestException {
    if (text.codePoints().anyMatch(c -> c >= 0xd800 && c <= 0xdfff)) {
      throw new InvalidManifestException(where + " has half of a surrogate pair");
    }
    return text;
  }
}
