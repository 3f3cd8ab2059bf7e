package dev.stele.parity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Sizes;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The bytes of manifests as clients write them. */
final class ManifestBytes {
  static final String CONFIG = "application/vnd.oci.image.config.v1+json";
  static final String LAYER = "application/vnd.oci.image.layer.v1.tar";

  private ManifestBytes() {}

  private static String descriptor(String mediaType, Digest digest) {
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(mediaType, digest, Sizes.of(digest));
  }

  private static String descriptors(String mediaType, Digest... digests) {
    return Stream.of(digests)
        .map(digest -> descriptor(mediaType, digest))
        .collect(Collectors.joining(",", "[", "]"));
  }

  static byte[] image(Digest config, Digest... layers) {
    return image(MediaTypes.OCI_IMAGE, LAYER, config, layers);
  }

  static byte[] image(String mediaType, String layerType, Digest config, Digest... layers) {
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":%s}"
        .formatted(mediaType, descriptor(CONFIG, config), descriptors(layerType, layers))
        .getBytes(UTF_8);
  }

  /** An image that does not say what it is. */
  static byte[] untypedImage(Digest config, Digest... layers) {
    return "{\"schemaVersion\":2,\"config\":%s,\"layers\":%s}"
        .formatted(descriptor(CONFIG, config), descriptors(LAYER, layers))
        .getBytes(UTF_8);
  }

  /** The same manifest with annotations, given as a JSON object. */
  static byte[] annotated(byte[] manifest, String annotations) {
    String text = new String(manifest, UTF_8);
    return (text.substring(0, text.length() - 1) + ",\"annotations\":" + annotations + "}")
        .getBytes(UTF_8);
  }

  static byte[] index(Digest... children) {
    return index(MediaTypes.OCI_INDEX, MediaTypes.OCI_IMAGE, children);
  }

  static byte[] index(String mediaType, String childType, Digest... children) {
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":%s}"
        .formatted(mediaType, descriptors(childType, children))
        .getBytes(UTF_8);
  }

  /** An ORAS artifact of type {@code application/sbom}. */
  static byte[] orasArtifact(Digest subject, Digest... blobs) {
    return "{\"mediaType\":\"%s\",\"artifactType\":\"application/sbom\",\"blobs\":%s,\"subject\":%s}"
        .formatted(
            MediaTypes.ORAS_ARTIFACT,
            descriptors("application/octet-stream", blobs),
            descriptor(MediaTypes.OCI_IMAGE, subject))
        .getBytes(UTF_8);
  }

  /** An OCI artifact whose type is that of its config; {@code note} makes it one of several. */
  static byte[] ociArtifact(Digest subject, String configType, Digest config, String note) {
    return """
    {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[],"subject":%s,"annotations":{"note":"%s"}}\
    """
        .formatted(
            MediaTypes.OCI_IMAGE,
            descriptor(configType, config),
            descriptor(MediaTypes.OCI_IMAGE, subject),
            note)
        .getBytes(UTF_8);
  }
}
