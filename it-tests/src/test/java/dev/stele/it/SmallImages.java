package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.oci.MediaTypes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;

/** Images of a few kilobytes for tests of the API, where what a layer contains does not matter. */
final class SmallImages {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SmallImages() {}

  /** An image with one 4 KiB layer; the same text gives the same image. */
  static ImageFixture.Image image(String text) {
    byte[] layer = new byte[4096];
    new Random(text.hashCode()).nextBytes(layer);
    byte[] config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"comment\":\"%s\"}"
            .formatted(text)
            .getBytes(UTF_8);
    Content layerContent = Content.of(ImageFixture.LAYER_TYPE, layer);
    Content configContent = Content.of(ImageFixture.CONFIG_TYPE, config);
    return new ImageFixture.Image(
        "amd64",
        configContent,
        List.of(layerContent),
        List.of(layerContent.digest()),
        ImageFixture.manifest(configContent, List.of(layerContent)));
  }

  /** An index over these images. */
  static Content index(ImageFixture.Image... images) {
    ObjectNode index = JSON.createObjectNode();
    index.put("schemaVersion", 2).put("mediaType", MediaTypes.OCI_INDEX);
    for (ImageFixture.Image image : images) {
      index.withArray("manifests").add(ImageFixture.descriptor(image.manifest()));
    }
    return Content.of(MediaTypes.OCI_INDEX, ImageFixture.bytes(index));
  }

  /** That image's manifest with a subject, an artifact type and an annotation: a referrer. */
  static Content referrer(ImageFixture.Image image, Content subject, String artifactType) {
    ObjectNode manifest = object(image.manifest());
    manifest.put("artifactType", artifactType);
    manifest.set("subject", ImageFixture.descriptor(subject));
    manifest.putObject("annotations").put("org.example.about", artifactType);
    return Content.of(MediaTypes.OCI_IMAGE, ImageFixture.bytes(manifest));
  }

  /** That manifest with one annotation of so many bytes. */
  static Content annotated(Content manifest, int annotationSize) {
    ObjectNode json = object(manifest);
    json.putObject("annotations").put("padding", "x".repeat(annotationSize));
    return Content.of(manifest.mediaType(), ImageFixture.bytes(json));
  }

  private static ObjectNode object(Content content) {
    try {
      JsonNode json = JSON.readTree(content.bytes());
      return (ObjectNode) json;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
