package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobContent;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/**
 * The rule that images have certain annotations, in the manifest or as labels in the config. An
 * image that cannot be checked is refused. Thread-safe.
 */
final class MandatoryAnnotations {
  /** The largest config that is looked into: it is held in memory. In bytes. */
  private static final int LARGEST_CONFIG = 8 << 20;

  private static final ObjectMapper JSON = new JsonMapper();

  private final List<String> keys;
  private final RepositoryBlobs blobs;

  MandatoryAnnotations(List<String> keys, RepositoryBlobs blobs) {
    this.keys = keys;
    this.blobs = blobs;
  }

  /**
   * Why the manifest is refused, if it is.
   *
   * @throws RegistryUnavailableException if the config cannot be read now
   */
  Optional<Refusal> check(RepositoryName repository, Manifest manifest) {
    if (keys.isEmpty() || !manifest.isContainerImage()) {
      return Optional.empty();
    }
    List<String> missing =
        keys.stream().filter(key -> !manifest.annotations().containsKey(key)).toList();
    return missing.isEmpty()
        ? Optional.empty()
        : checkLabels(repository, manifest.config().orElseThrow(), missing);
  }

  private Optional<Refusal> checkLabels(
      RepositoryName repository, Descriptor config, List<String> wanted) {
    byte[] bytes;
    try {
      if (!(blobs.open(repository, config.digest())
          instanceof Outcome.Ok<BlobContent>(BlobContent opened))) {
        return Optional.of(new Refusal.MissingContent(List.of(config.digest())));
      }
      try (BlobContent content = opened;
          InputStream stream = content.stream(0, content.size())) {
        if (content.size() > LARGEST_CONFIG) {
          return invalid(config, "it has more than " + LARGEST_CONFIG + " bytes");
        }
        bytes = stream.readAllBytes();
      }
    } catch (IOException | BadRangeException e) {
      throw new RegistryUnavailableException(
          "the config " + config.digest() + " cannot be read: " + e.getMessage(), e);
    }
    JsonNode labels;
    try {
      labels = JSON.readTree(bytes).path("config").path("Labels");
    } catch (IOException e) {
      return invalid(config, "it is not JSON");
    }
    List<String> missing = wanted.stream().filter(key -> !labels.path(key).isTextual()).toList();
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(new Refusal.MissingAnnotations(missing));
  }

  private static Optional<Refusal> invalid(Descriptor config, String why) {
    return Optional.of(
        new Refusal.InvalidManifest(
            "the labels of config " + config.digest() + " cannot be checked: " + why));
  }
}
