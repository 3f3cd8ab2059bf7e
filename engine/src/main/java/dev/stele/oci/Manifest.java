package dev.stele.oci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the registry reads from a manifest's bytes: what it refers to and how it is described. The
 * bytes themselves are kept elsewhere, unchanged.
 *
 * @param mediaType one of {@link MediaTypes#MANIFESTS}
 * @param artifactType the declared artifact type or, for an image without one, its config's media
 *     type
 * @param config the config of an image, empty for an index or an artifact
 * @param layers layers of an image, blobs of an artifact
 * @param manifests children of an index
 * @param subject the manifest that this one is about (a referrer's subject)
 */
public record Manifest(
    String mediaType,
    Optional<String> artifactType,
    Optional<Descriptor> config,
    List<Descriptor> layers,
    List<Descriptor> manifests,
    Optional<Descriptor> subject,
    Map<String, String> annotations) {

  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(64).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  public Manifest {
    layers = List.copyOf(layers);
    manifests = List.copyOf(manifests);
    annotations = Map.copyOf(annotations);
  }

  /**
   * Reads a manifest.
   *
   * @param mediaType as the client declared it, without parameters
   * @throws InvalidManifestException saying what is wrong with the type or the body
   */
  public static Manifest parse(String mediaType, byte[] body) throws InvalidManifestException {
    if (!MediaTypes.MANIFESTS.contains(mediaType)) {
      throw new InvalidManifestException(
          InvalidNameException.quote(mediaType)
              + " is not a manifest's media type; accepted are: "
              + String.join(", ", MediaTypes.MANIFESTS.stream().sorted().toList()));
    }
    JsonNode root = readObject(body);
    JsonNode declared = root.get("mediaType");
    if (declared != null && !declared.isNull() && !declared.asText().equals(mediaType)) {
      throw new InvalidManifestException(
          "the Content-Type is %s but the manifest's mediaType says %s"
              .formatted(mediaType, InvalidNameException.quote(declared.asText())));
    }
    boolean index =
        mediaType.equals(MediaTypes.OCI_INDEX) || mediaType.equals(MediaTypes.DOCKER_LIST);
    boolean artifact =
        mediaType.equals(MediaTypes.ORAS_ARTIFACT) || mediaType.equals(MediaTypes.OCI_ARTIFACT);
    if (!artifact) {
      requireSchemaVersion(root);
    }
    Optional<Descriptor> config =
        index || artifact
            ? Optional.empty()
            : Optional.of(descriptor(require(root, "config"), "config"));
    List<Descriptor> layers =
        index ? List.of() : descriptors(root, artifact ? "blobs" : "layers", !artifact);
    List<Descriptor> manifests = index ? descriptors(root, "manifests", true) : List.of();
    Optional<Descriptor> subject =
        present(root, "subject")
            ? Optional.of(descriptor(root.get("subject"), "subject"))
            : Optional.empty();
    Optional<String> artifactType =
        text(root, "artifactType", "artifactType").or(() -> config.map(Descriptor::mediaType));
    return new Manifest(
        mediaType,
        artifactType,
        config,
        layers,
        manifests,
        subject,
        strings(root, "annotations", "annotations"));
  }

  /**
   * Whether this is an image that can run: its config is an image's and, if there are layers, at
   * least one is a file system's. A signature or attestation that borrows an image's config has
   * only layers of its own kind.
   */
  public boolean isContainerImage() {
    return config.map(Descriptor::mediaType).filter(MediaTypes::imageConfig).isPresent()
        && (layers.isEmpty()
            || layers.stream().map(Descriptor::mediaType).anyMatch(MediaTypes::fileSystemLayer));
  }

  private static JsonNode readObject(byte[] body) throws InvalidManifestException {
    if (body.length == 0) {
      throw new InvalidManifestException("the manifest is empty");
    }
    try {
      JsonNode root = JSON.readTree(body);
      if (root == null || !root.isObject()) {
        throw new InvalidManifestException("a manifest is a JSON object");
      }
      return root;
    } catch (JsonProcessingException e) {
      throw new InvalidManifestException(
          "the manifest is not valid JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new InvalidManifestException("the manifest cannot be read: " + e.getMessage());
    }
  }

  private static void requireSchemaVersion(JsonNode root) throws InvalidManifestException {
    JsonNode version = require(root, "schemaVersion");
    if (!version.isInt() || version.intValue() != 2) {
      throw new InvalidManifestException("schemaVersion must be 2");
    }
  }

  private static JsonNode require(JsonNode node, String field) throws InvalidManifestException {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      throw new InvalidManifestException("the manifest lacks " + field);
    }
    return value;
  }

  private static boolean present(JsonNode node, String field) {
    return node.hasNonNull(field);
  }

  private static List<Descriptor> descriptors(JsonNode root, String field, boolean required)
      throws InvalidManifestException {
    if (!present(root, field)) {
      if (required && !root.has(field)) {
        throw new InvalidManifestException("the manifest lacks " + field);
      }
      return List.of();
    }
    JsonNode array = root.get(field);
    if (!array.isArray()) {
      throw new InvalidManifestException(field + " must be a list");
    }
    List<Descriptor> found = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      found.add(descriptor(array.get(i), field + "[" + i + "]"));
    }
    return found;
  }

  private static Descriptor descriptor(JsonNode node, String where)
      throws InvalidManifestException {
    if (!node.isObject()) {
      throw new InvalidManifestException(where + " must be a descriptor object");
    }
    String mediaType =
        text(node, "mediaType", where + ".mediaType")
            .orElseThrow(() -> new InvalidManifestException(where + " lacks mediaType"));
    String digest =
        text(node, "digest", where + ".digest")
            .orElseThrow(() -> new InvalidManifestException(where + " lacks digest"));
    JsonNode size = node.get("size");
    if (size == null
        || !size.isIntegralNumber()
        || !size.canConvertToLong()
        || size.longValue() < 0) {
      throw new InvalidManifestException(
          where + ".size must be a whole number of bytes, not negative");
    }
    try {
      return new Descriptor(
          mediaType,
          Digest.parse(digest),
          size.longValue(),
          text(node, "artifactType", where + ".artifactType"),
          strings(node, "annotations", where + ".annotations"));
    } catch (InvalidNameException e) {
      throw new InvalidManifestException(where + ".digest: " + e.getMessage());
    }
  }

  private static Optional<String> text(JsonNode node, String field, String where)
      throws InvalidManifestException {
    if (!present(node, field)) {
      return Optional.empty();
    }
    if (!node.get(field).isTextual()) {
      throw new InvalidManifestException(where + " must be a string");
    }
    String value = node.get(field).textValue();
    if (value.codePoints().anyMatch(c -> c < 0x20 || c == 0x7f || (c >= 0xd800 && c <= 0xdfff))) {
      throw new InvalidManifestException(where + " must not have control characters");
    }
    return Optional.of(value).filter(text -> !text.isEmpty());
  }

  private static Map<String, String> strings(JsonNode node, String field, String where)
      throws InvalidManifestException {
    if (!present(node, field)) {
      return Map.of();
    }
    if (!node.get(field).isObject()) {
      throw new InvalidManifestException(where + " must be an object of strings");
    }
    Map<String, String> found = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.get(field).properties()) {
      if (!entry.getValue().isTextual()) {
        throw new InvalidManifestException(where + " must be an object of strings");
      }
      found.put(entry.getKey(), entry.getValue().textValue());
    }
    return found;
  }
}
