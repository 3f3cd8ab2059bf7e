package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * The programs that people use push and pull real images. A program that is not installed aborts
 * its tests; in continuous integration it fails them.
 */
@ExtendWith(SharedServer.class)
@ResourceLock("podman") // Its locks are the machine's, whatever its storage.
class RealClientsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final RegistryClient client;
  private final Path folder;

  RealClientsTest(RegistryClient client, @TempDir Path folder) {
    this.client = client;
    this.folder = folder;
  }

  private static Program skopeo() {
    return Program.onPath("skopeo").with("--insecure-policy");
  }

  private String remote(String repositoryAndTag) {
    return "docker://" + client.authority() + "/" + repositoryAndTag;
  }

  private Path layout(String name, String tag, Content top, List<Content> contents)
      throws IOException {
    Path layout = folder.resolve(name);
    ImageFixture.writeLayout(layout, tag, top, contents);
    return layout;
  }

  /** That folder is an OCI layout with exactly these bytes. */
  private static void assertLayoutHas(Path layout, List<Content> contents) {
    for (Content content : contents) {
      assertThat(layout.resolve("blobs").resolve("sha256").resolve(content.digest().hex()))
          .hasBinaryContent(content.bytes());
    }
  }

  @Test
  void skopeoCopiesAnImageInAndOut() throws Exception {
    Program skopeo = skopeo();
    ImageFixture.Image image = ImageFixture.image(1);
    Path in = layout("in", "v1", image.manifest(), image.contents());
    skopeo.run("copy", "--dest-tls-verify=false", "oci:" + in + ":v1", remote("skopeo/image:v1"));
    Pushed pushed = new Pushed(client, "skopeo/image");
    pushed.assertServed(image.contents());
    pushed.assertRecorded("v1", image.manifest().digest());

    Path out = folder.resolve("out");
    skopeo.run("copy", "--src-tls-verify=false", remote("skopeo/image:v1"), "oci:" + out + ":v1");
    assertLayoutHas(out, image.contents());
  }

  @Test
  void skopeoCopiesAMultiPlatformImageInAndOut() throws Exception {
    Program skopeo = skopeo();
    ImageFixture.MultiPlatform images = ImageFixture.multiPlatform(2);
    Path in = layout("in", "v1", images.index(), images.contents());
    skopeo.run(
        "copy", "--all", "--dest-tls-verify=false", "oci:" + in + ":v1", remote("skopeo/multi:v1"));
    Pushed pushed = new Pushed(client, "skopeo/multi");
    pushed.assertServed(images.contents());
    pushed.assertRecorded("v1", images.index().digest());

    Path out = folder.resolve("out");
    skopeo.run(
        "copy", "--all", "--src-tls-verify=false", remote("skopeo/multi:v1"), "oci:" + out + ":v1");
    assertLayoutHas(out, images.contents());
  }

  @Test
  void skopeoCopiesBetweenRepositoriesByMounting() throws Exception {
    Program skopeo = skopeo();
    ImageFixture.Image image = ImageFixture.image(3);
    client.push("skopeo/source", "v1", image);
    skopeo.run(
        "copy",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        remote("skopeo/source:v1"),
        remote("skopeo/target:v2"));
    Pushed pushed = new Pushed(client, "skopeo/target");
    pushed.assertServed(image.contents());
    pushed.assertRecorded("v2", image.manifest().digest());
  }

  @Test
  void skopeoInspectsListsAndDeletes() throws Exception {
    Program skopeo = skopeo();
    ImageFixture.Image image = ImageFixture.image(4);
    client.push("skopeo/inspect", "v1", image);
    client.putManifest("skopeo/inspect", "v2", image.manifest());
    JsonNode inspected =
        JSON.readTree(skopeo.run("inspect", "--tls-verify=false", remote("skopeo/inspect:v1")));
    assertThat(inspected.required("Digest").asText())
        .isEqualTo(image.manifest().digest().toString());
    assertThat(inspected.required("Layers")).hasSize(3);
    JsonNode listed =
        JSON.readTree(skopeo.run("list-tags", "--tls-verify=false", remote("skopeo/inspect")));
    assertThat(listed.required("Tags")).extracting(JsonNode::asText).containsExactly("v1", "v2");

    skopeo.run("delete", "--tls-verify=false", remote("skopeo/inspect:v1"));
    // skopeo deletes by digest, so the other tag of that digest goes too.
    assertThat(client.tags("skopeo/inspect")).isEmpty();
    assertThat(client.eventsOf("skopeo/inspect"))
        .anyMatch(
            e ->
                e.type().equals("ManifestDeleted")
                    && e.digest().equals(image.manifest().digest().toString()));
  }

  /** Podman or buildah with a storage of its own below the test's folder. */
  private Program withOwnStorage(String name) throws IOException {
    Path containers = folder.resolve("containers.conf");
    Files.writeString(
        containers,
        """
        [engine]
        runtime = "runc"
        cgroup_manager = "cgroupfs"
        events_logger = "none"
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
        """);
    return Program.onPath(name)
        .withEnvironment("CONTAINERS_CONF", containers.toString())
        .with("--root", folder.resolve(name).toString())
        .with("--runroot", folder.resolve(name + "-run").toString())
        .with("--storage-driver", "vfs");
  }

  @Test
  void podmanPushesPullsAndRunsAContainer() throws Exception {
    Program podman = withOwnStorage("podman");
    ImageFixture.Image image = ImageFixture.image(5);
    Path in = layout("in", "v1", image.manifest(), image.contents());
    String name = client.authority() + "/podman/image:v1";
    podman.run("pull", "--quiet", "oci:" + in + ":v1");
    String id = podman.run("images", "--quiet", "--no-trunc").strip();
    Path digestFile = folder.resolve("digest");
    podman.run("push", "--quiet", "--tls-verify=false", "--digestfile", digestFile, id, name);

    Digest digest = Digest.parse(Files.readString(digestFile).strip());
    Pushed pushed = new Pushed(client, "podman/image");
    assertThat(client.manifest("podman/image", "v1").digest()).isEqualTo(digest);
    // Podman packs the layers anew; what is in them is the same to the byte.
    assertThat(pushed.diffIds("v1")).isEqualTo(image.diffIds());
    pushed.assertRecorded("v1", digest);

    podman.run("rmi", "--all", "--force");
    podman.run("pull", "--quiet", "--tls-verify=false", name);
    assertThat(podman.run("run", "--rm", "--network=none", name))
        .isEqualTo(ImageFixture.greeting(5));
  }

  @Test
  void podmanRunsTheRightChildOfAMultiPlatformImage() throws Exception {
    Program podman = withOwnStorage("podman");
    client.push("podman/multi", "v1", ImageFixture.multiPlatform(6));
    String name = client.authority() + "/podman/multi:v1";
    podman.run("pull", "--quiet", "--tls-verify=false", name);
    assertThat(podman.run("run", "--rm", "--network=none", name))
        .isEqualTo(ImageFixture.greeting(6));
  }

  @Test
  void buildahBuildsFromScratchPushesAndPulls() throws Exception {
    Program buildah = withOwnStorage("buildah");
    byte[] program = PrintingProgram.of("amd64", "/srv/message");
    Path file = Files.write(folder.resolve("program"), program);
    String name = client.authority() + "/buildah/image:v1";
    String container = buildah.run("from", "scratch").strip();
    buildah.run("copy", container, file, "/bin/program");
    buildah.run("config", "--entrypoint", "[\"/bin/program\"]", container);
    buildah.run("commit", "--quiet", container, name);
    Path digestFile = folder.resolve("digest");
    buildah.run("push", "--quiet", "--tls-verify=false", "--digestfile", digestFile, name);

    Digest digest = Digest.parse(Files.readString(digestFile).strip());
    Pushed pushed = new Pushed(client, "buildah/image");
    assertThat(client.manifest("buildah/image", "v1").digest()).isEqualTo(digest);
    assertThat(pushed.files("v1").get("bin/program")).isEqualTo(program);
    pushed.assertRecorded("v1", digest);

    buildah.run("rm", container);
    buildah.run("rmi", "--all", "--force");
    String pulled = buildah.run("pull", "--quiet", "--tls-verify=false", name).strip();
    assertThat(pushed.manifest("v1").config().orElseThrow().digest().hex()).isEqualTo(pulled);
  }

  @Test
  void umociUnpacksWhatSkopeoPulled() throws Exception {
    Program umoci = Program.onPath("umoci");
    Program skopeo = skopeo();
    client.push("umoci/image", "v1", ImageFixture.image(9));
    Path out = folder.resolve("out");
    skopeo.run("copy", "--src-tls-verify=false", remote("umoci/image:v1"), "oci:" + out + ":v1");
    Path bundle = folder.resolve("bundle");
    umoci.run("raw", "unpack", "--image", out + ":v1", bundle);
    assertThat(bundle.resolve("etc").resolve("greeting")).hasContent(ImageFixture.greeting(9));
  }
}
