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
  private final byte[] layer = new byte[LAYER];

  SmallImagePusher(RegistryUnderTest registry) throws IOException {
    this.connection = registry.connect();
    ThreadLocalRandom.current().nextBytes(layer);
  }

  /** An image: its layer, its digest and its bytes. */
  record Image(Digest layer, Digest digest, byte[] manifest) {}

  /** Pushes one image. The tag is part of its content, so other tags are other images. */
  Image push(String repository, String tag) throws IOException {
    ByteBuffer.wrap(layer).putLong(ThreadLocalRandom.current().nextLong());
    byte[] config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"comment\":\"%s\"}"
            .formatted(tag)
            .getBytes(UTF_8);
    Digest configDigest = push(connection, repository, config);
    Digest layerDigest = push(connection, repository, layer);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"%s",\
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},\
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":%d}]}\
        """
            .formatted(MediaTypes.OCI_IMAGE, configDigest, config.length, layerDigest, LAYER)
            .getBytes(UTF_8);
    put(repository, tag, manifest);
    return new Image(layerDigest, Digest.of(Digest.Algorithm.SHA256, manifest), manifest);
  }

  /** Puts a manifest whose content is there. */
  void put(String repository, String tag, byte[] manifest) throws IOException {
    connection
        .send(
            "PUT",
            "/v2/" + repository + "/manifests/" + tag,
            "Content-Type: " + MediaTypes.OCI_IMAGE + "\r\n",
            manifest,
            HttpConnection.Sink.DISCARD)
        .expect(201);
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
