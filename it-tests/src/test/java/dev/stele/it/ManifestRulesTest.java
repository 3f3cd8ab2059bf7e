package dev.stele.it;

import static dev.stele.it.ErrorAnswers.assertError;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.MediaTypes;
import dev.stele.oci.TestManifest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients are told by a server that is strict about manifests. */
class ManifestRulesTest {
  private static final String NAME = "demo/strict";

  @TempDir private Path data;

  @Test
  void collisionsAndMissingAnnotationsAreRefusedAsTheClientCanRead() throws Exception {
    try (SteleProcess server =
        SteleProcess.start(
            data,
            Map.of(
                "STELE_MANIFESTS_COLLISION_DETECTION", "true",
                "STELE_MANIFESTS_MANDATORY_ANNOTATIONS", "org.example.team, org.example.cost"))) {
      RegistryClient client = server.client();
      ImageFixture.Image image = ImageFixture.image(7);
      client.pushBlob(NAME, image.config().bytes());
      image.layers().forEach(layer -> client.pushBlob(NAME, layer.bytes()));
      HttpResponse<byte[]> refused =
          client.send(
              "PUT",
              RegistryClient.manifestPath(NAME, "v1"),
              image.manifest().bytes(),
              "Content-Type",
              image.manifest().mediaType());
      assertError(refused, 400, "MANIFEST_INVALID");
      assertThat(RegistryClient.json(refused).at("/errors/0/detail/missing"))
          .extracting(key -> key.asText())
          .containsExactly("org.example.cost", "org.example.team");
      assertThat(client.tags(NAME)).isEmpty();

      Content empty = Content.of(MediaTypes.OCI_INDEX, TestManifest.index().bytes());
      String digest = client.putManifest(NAME, "v1", empty).toString();
      client.putManifest(NAME, "v2", empty);
      assertError(client.send("DELETE", RegistryClient.manifestPath(NAME, digest)), 409, "DENIED");
      assertThat(client.tags(NAME)).containsExactly("v1", "v2");
      assertThat(client.send("DELETE", RegistryClient.manifestPath(NAME, "v2")).statusCode())
          .isEqualTo(202);
      assertThat(client.send("DELETE", RegistryClient.manifestPath(NAME, digest)).statusCode())
          .isEqualTo(202);
    }
  }
}
