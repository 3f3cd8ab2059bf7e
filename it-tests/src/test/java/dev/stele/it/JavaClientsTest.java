package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainer;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import land.oras.ArtifactType;
import land.oras.ContainerRef;
import land.oras.LocalPath;
import land.oras.ManifestDescriptor;
import land.oras.Registry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The clients that are Java libraries, ORAS and jib, push and pull; these tests always run. */
@ExtendWith(SharedServer.class)
class JavaClientsTest {
  private static final ArtifactType REPORT = ArtifactType.from("application/vnd.example.report");
  private static final ArtifactType SIGNATURE =
      ArtifactType.from("application/vnd.example.signature");

  private final RegistryClient client;
  private final Path folder;

  JavaClientsTest(RegistryClient client, @TempDir Path folder) {
    this.client = client;
    this.folder = folder;
  }

  @Test
  void orasPushesAttachesDiscoversAndPullsAnArtifact() throws Exception {
    Registry oras = Registry.builder().withInsecure(true).build();
    String repository = "oras/artifact";
    ContainerRef reference = ContainerRef.parse(client.authority() + "/" + repository + ":v1");
    Path report = Files.createDirectories(folder.resolve("out")).resolve("report.bin");
    byte[] content = new byte[5 << 20];
    new Random(7).nextBytes(content);
    Files.write(report, content);
    Path signature = folder.resolve("report.sig");
    Files.writeString(signature, "signed by nobody");

    land.oras.Manifest pushed =
        oras.pushArtifact(reference, REPORT, LocalPath.of(report, "application/octet-stream"));
    Digest digest = Digest.parse(pushed.getDescriptor().getDigest());
    assertThat(client.manifest(repository, "v1").digest()).isEqualTo(digest);
    assertThat(client.blob(repository, Digest.of(Digest.Algorithm.SHA256, content)))
        .isEqualTo(content);

    land.oras.Manifest attached =
        oras.attachArtifact(reference, SIGNATURE, LocalPath.of(signature, "text/plain"));
    ContainerRef byDigest = reference.withDigest(digest.toString());
    List<ManifestDescriptor> referrers = oras.getReferrers(byDigest, null).getManifests();
    assertThat(referrers)
        .extracting(ManifestDescriptor::getDigest)
        .containsExactly(attached.getDescriptor().getDigest());
    assertThat(oras.getReferrers(byDigest, SIGNATURE).getManifests()).hasSize(1);
    assertThat(oras.getReferrers(byDigest, REPORT).getManifests()).isEmpty();

    Path pulled = Files.createDirectories(folder.resolve("pulled"));
    oras.pullArtifact(reference, pulled, true);
    assertThat(pulled.resolve("report.bin")).hasBinaryContent(content);
    assertThat(oras.getTags(reference).tags()).containsExactly("v1");
    new Pushed(client, repository).assertRecorded("v1", digest);
  }

  @Test
  void orasPushesABlobInChunks() {
    Registry oras = Registry.builder().withInsecure(true).build();
    byte[] content = new byte[1_000_003];
    new Random(8).nextBytes(content);
    Digest digest = Digest.of(Digest.Algorithm.SHA256, content);
    ContainerRef reference =
        ContainerRef.parse(client.authority() + "/oras/chunks").withDigest(digest.toString());
    oras.pushBlobChunked(reference, new ByteArrayInputStream(content), content.length, 100_000);
    assertThat(client.blob("oras/chunks", digest)).isEqualTo(content);
    Path pulled = folder.resolve("pulled");
    oras.fetchBlob(reference, pulled);
    assertThat(pulled).hasBinaryContent(content);
  }

  private JibContainer containerize(JibContainerBuilder builder, String image) throws Exception {
    return builder.containerize(
        Containerizer.to(RegistryImage.named(client.authority() + "/" + image))
            .setAllowInsecureRegistries(true)
            .setBaseImageLayersCache(folder.resolve("base-cache"))
            .setApplicationLayersCache(folder.resolve("application-cache")));
  }

  @Test
  void jibBuildsAnImageFromScratch() throws Exception {
    Path file = Files.write(folder.resolve("message"), "built by jib".getBytes(UTF_8));
    JibContainer built =
        containerize(
            Jib.fromScratch()
                .setFormat(ImageFormat.OCI)
                .addLayer(List.of(file), "/srv")
                .setEntrypoint("/srv/message"),
            "jib/scratch:v1");
    Digest digest = Digest.parse(built.getDigest().toString());
    Pushed pushed = new Pushed(client, "jib/scratch");
    assertThat(client.manifest("jib/scratch", "v1").digest()).isEqualTo(digest);
    assertThat(pushed.files("v1").get("srv/message")).isEqualTo("built by jib".getBytes(UTF_8));
    pushed.assertRecorded("v1", digest);
  }

  @Test
  void jibBuildsOnABaseImageThatItPullsFromHere() throws Exception {
    ImageFixture.Image base = ImageFixture.image(21);
    client.push("jib/base", "v1", base);
    Path file = Files.write(folder.resolve("message"), "on top".getBytes(UTF_8));
    JibContainer built =
        containerize(
            Jib.from(RegistryImage.named(client.authority() + "/jib/base:v1"))
                .setPlatforms(Set.of(new Platform(base.architecture(), "linux")))
                .setFormat(ImageFormat.OCI)
                .addLayer(List.of(file), "/srv"),
            "jib/child:v1");
    Pushed pushed = new Pushed(client, "jib/child");
    List<Digest> layers = pushed.manifest("v1").layers().stream().map(Descriptor::digest).toList();
    assertThat(layers).hasSize(4).containsAll(base.layers().stream().map(Content::digest).toList());
    pushed.assertServed(base.layers());
    assertThat(pushed.files("v1").get("srv/message")).isEqualTo("on top".getBytes(UTF_8));
    pushed.assertRecorded("v1", Digest.parse(built.getDigest().toString()));
  }

  @Test
  void jibBuildsAMultiPlatformImage() throws Exception {
    ImageFixture.MultiPlatform base = ImageFixture.multiPlatform(22);
    client.push("jib/multi-base", "v1", base);
    Path file = Files.write(folder.resolve("message"), "everywhere".getBytes(UTF_8));
    // jib 0.28 has no OCI index, so this is a Docker manifest list.
    JibContainer built =
        containerize(
            Jib.from(RegistryImage.named(client.authority() + "/jib/multi-base:v1"))
                .setPlatforms(
                    Set.of(new Platform("amd64", "linux"), new Platform("arm64", "linux")))
                .setFormat(ImageFormat.Docker)
                .addLayer(List.of(file), "/srv"),
            "jib/multi:v1");
    Digest digest = Digest.parse(built.getDigest().toString());
    assertThat(client.manifest("jib/multi", "v1").digest()).isEqualTo(digest);
    Pushed pushed = new Pushed(client, "jib/multi");
    Manifest index = pushed.manifest("v1");
    assertThat(index.listed()).hasSize(2);
    for (Digest child : index.references()) {
      assertThat(pushed.files(child.toString()).get("srv/message"))
          .isEqualTo("everywhere".getBytes(UTF_8));
    }
    pushed.assertRecorded("v1", digest);
  }
}
