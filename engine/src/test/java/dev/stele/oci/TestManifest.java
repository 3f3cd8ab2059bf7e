package dev.stele.oci;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A manifest or an index as clients write them, its fields in the order in which they are given.
 * The sizes of what it lists are those that {@link Sizes} knows at that moment. What a test says of
 * the bytes themselves it writes by hand.
 */
public final class TestManifest {
  public static final String CONFIG = "application/vnd.oci.image.config.v1+json";
  public static final String LAYER = "application/vnd.oci.image.layer.v1.tar";

  private final String mediaType;
  private final ObjectNode json = JsonNodeFactory.instance.objectNode();

  private TestManifest(String mediaType) {
    this.mediaType = mediaType;
  }

  /** With nothing in it but what it is. */
  public static TestManifest of(String mediaType) {
    TestManifest manifest = new TestManifest(mediaType);
    if (!mediaType.contains("artifact")) { // which have no version
      manifest.json.put("schemaVersion", 2);
    }
    manifest.json.put("mediaType", mediaType);
    return manifest;
  }

  /** A container image. */
  public static TestManifest image(Digest config, Digest... layers) {
    return image(MediaTypes.OCI_IMAGE, LAYER, config, layers);
  }

  public static TestManifest image(
      String mediaType, String layerType, Digest config, Digest... layers) {
    return of(mediaType).config(CONFIG, config).list("layers", layerType, layers);
  }

  /** A manifest that no container runs, with a blob that may be anything. */
  public static TestManifest artifact(Digest blob, Digest... layers) {
    return of(MediaTypes.OCI_IMAGE).config("a/config", blob).list("layers", "a/layer", layers);
  }

  /** An index of images. */
  public static TestManifest index(Digest... children) {
    return index(MediaTypes.OCI_INDEX, MediaTypes.OCI_IMAGE, children);
  }

  public static TestManifest index(String mediaType, String childType, Digest... children) {
    return of(mediaType).list("manifests", childType, children);
  }

  /** An index without entries, which needs nothing else; {@code note} makes it one of several. */
  public static TestManifest emptyIndex(String note) {
    return index().annotation("note", note);
  }

  /** An ORAS artifact of type {@code application/sbom}. */
  public static TestManifest orasArtifact(Digest subject, Digest... blobs) {
    return of(MediaTypes.ORAS_ARTIFACT)
        .artifactType("application/sbom")
        .list("blobs", "application/octet-stream", blobs)
        .subject(subject);
  }

  /** An OCI artifact whose type is that of its config; {@code note} makes it one of several. */
  public static TestManifest ociArtifact(
      Digest subject, String configType, Digest config, String note) {
    return of(MediaTypes.OCI_IMAGE)
        .config(configType, config)
        .list("layers", LAYER)
        .subject(subject)
        .annotation("note", note);
  }

  private static ObjectNode descriptor(String mediaType, Digest digest) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("mediaType", mediaType)
        .put("digest", digest.toString())
        .put("size", Sizes.of(digest));
  }

  /** It does not say what it is. */
  public TestManifest untyped() {
    json.remove("mediaType");
    return this;
  }

  public TestManifest config(String mediaType, Digest digest) {
    json.set("config", descriptor(mediaType, digest));
    return this;
  }

  /** The {@code layers}, {@code manifests} or {@code blobs}, all of one type. */
  public TestManifest list(String field, String mediaType, Digest... digests) {
    return list(field, mediaType, Arrays.asList(digests));
  }

  public TestManifest list(String field, String mediaType, List<Digest> digests) {
    json.putArray(field)
        .addAll(digests.stream().map(digest -> descriptor(mediaType, digest)).toList());
    return this;
  }

  /** What it is about, said to be an image. */
  public TestManifest subject(Digest digest) {
    return subject(MediaTypes.OCI_IMAGE, digest);
  }

  public TestManifest subject(Optional<Digest> digest) {
    digest.ifPresent(this::subject);
    return this;
  }

  public TestManifest subject(String mediaType, Digest digest) {
    json.set("subject", descriptor(mediaType, digest));
    return this;
  }

  public TestManifest artifactType(String type) {
    json.put("artifactType", type);
    return this;
  }

  public TestManifest annotation(String key, String value) {
    json.withObjectProperty("annotations").put(key, value);
    return this;
  }

  /** As what it is put. */
  public String mediaType() {
    return mediaType;
  }

  public String text() {
    return json.toString();
  }

  public byte[] bytes() {
    return text().getBytes(UTF_8);
  }

  /** The digest of its bytes, whose size is known from here on. */
  public Digest digest() {
    return Sizes.digest(bytes());
  }
}
