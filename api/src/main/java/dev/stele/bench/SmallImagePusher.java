package dev.stele.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Pushes images of one 4 KiB layer over one connection, each of its own content and under a tag of
 * its own: POST and PUT for config and layer, PUT for the manifest. Not safe for use by several
 * threads.
 */
final class SmallImagePusher implements AutoCloseable {
  private static final int LAYER = 4096;

  private final HttpConnection connection;
  private final String repository;
  private final byte[] layer = new byte[LAYER];

  SmallImagePusher(RegistryUnderTest registry, String repository) throws IOException {
    this.connection = registry.connect();
    this.repository = repository;
    ThreadLocalRandom.current().nextBytes(layer);
  }

  /**
   * Pushes one image and returns the digest of its layer. The tag is part of its content, so other
   * tags are other images.
   */
  Digest push(String tag) throws IOException {
    ByteBuffer.wrap(layer).putLong(ThreadLocalRandom.current().nextLong());
    byte[] config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"comment\":\"%s\"}"
            .formatted(tag)
            .getBytes(UTF_8);
    Digest configDigest = blob(config);
    Digest layerDigest = blob(layer);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"%s",\
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},\
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d}]}\
        """
            .formatted(MediaTypes.OCI_IMAGE, configDigest, config.length, layerDigest, LAYER)
            .getBytes(UTF_8);
    connection
        .send(
            "PUT",
            "/v2/" + repository + "/manifests/" + tag,
            "Content-Type: " + MediaTypes.OCI_IMAGE + "\r\n",
            manifest,
            HttpConnection.Sink.DISCARD)
        .expect(201);
    return layerDigest;
  }

  private Digest blob(byte[] bytes) throws IOException {
    return push(connection, repository, bytes);
  }

  /** Pushes a blob with POST and PUT, and returns its digest. */
  static Digest push(HttpConnection connection, String repository, byte[] bytes)
      throws IOException {
    Digest digest = Digest.of(Digest.Algorithm.SHA256, bytes);
    String upload =
        connection.send("POST", "/v2/" + repository + "/blobs/uploads/", "").expect(202).location();
    connection
        .send(
            "PUT",
            upload + (upload.indexOf('?') < 0 ? "?" : "&") + "digest=" + digest,
            "Content-Type: application/octet-stream\r\n",
            bytes,
            HttpConnection.Sink.DISCARD)
        .expect(201);
    return digest;
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}
