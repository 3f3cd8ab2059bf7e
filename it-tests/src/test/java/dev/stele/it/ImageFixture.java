package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * Real images made from nothing: three gzipped tar layers (a program, text, random bytes), a config
 * and a manifest, and a multi-platform index of two such. Run as a container, an image prints
 * {@link #greeting}. The same seed gives the same bytes.
 */
final class ImageFixture {
  static final String LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip";
  static final String CONFIG_TYPE = "application/vnd.oci.image.config.v1+json";

  /** Where the program is in the image, and so its entry point. */
  static final String PROGRAM = "/bin/greet";

  private static final String GREETING_FILE = "etc/greeting";
  private static final int TEXT_SIZE = 6 << 20;
  private static final int RANDOM_SIZE = 3 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  private ImageFixture() {}

  /**
   * An image for one platform.
   *
   * @param diffIds the digests of the layers before compression, which clients that repack a layer
   *     keep
   */
  record Image(
      String architecture,
      Content config,
      List<Content> layers,
      List<Digest> diffIds,
      Content manifest) {
    /** All that its manifest refers to, and the manifest. */
    List<Content> contents() {
      List<Content> contents = new ArrayList<>(layers);
      contents.add(config);
      contents.add(manifest);
      return contents;
    }
  }

  /** Images for several platforms and the index over them. */
  record MultiPlatform(List<Image> children, Content index) {
    List<Content> contents() {
      List<Content> contents = new ArrayList<>();
      children.forEach(child -> contents.addAll(child.contents()));
      contents.add(index);
      return contents;
    }
  }

  /** What a container of the image made from that seed prints. */
  static String greeting(long seed) {
    return "Carved in stone, seed " + seed + ".\n";
  }

  /** An image for the architecture that this test runs on. */
  static Image image(long seed) {
    return image(seed, hostArchitecture());
  }

  /** An image for amd64 or arm64. */
  static Image image(long seed, String architecture) {
    List<byte[]> tars =
        List.of(
            tar(
                new Entry("bin/", new byte[0]),
                new Entry("bin/greet", PrintingProgram.of(architecture, "/" + GREETING_FILE))),
            tar(
                new Entry("etc/", new byte[0]),
                new Entry(GREETING_FILE, greeting(seed).getBytes(UTF_8)),
                new Entry("srv/", new byte[0]),
                new Entry("srv/text", text(seed))),
            tar(new Entry("srv/random", random(seed))));
    List<Digest> diffIds =
        tars.stream().map(tar -> Digest.of(Digest.Algorithm.SHA256, tar)).toList();
    List<Content> layers = tars.stream().map(tar -> Content.of(LAYER_TYPE, gzip(tar))).toList();
    Content config = Content.of(CONFIG_TYPE, config(architecture, diffIds));
    return new Image(architecture, config, layers, diffIds, manifest(config, layers));
  }

  /** Images for amd64 and arm64 under one index. */
  static MultiPlatform multiPlatform(long seed) {
    List<Image> children = List.of(image(seed, "amd64"), image(seed, "arm64"));
    ObjectNode index = JSON.createObjectNode();
    index.put("schemaVersion", 2).put("mediaType", MediaTypes.OCI_INDEX);
    ArrayNode manifests = index.putArray("manifests");
    for (Image child : children) {
      ObjectNode platform = JSON.createObjectNode();
      platform.put("architecture", child.architecture()).put("os", "linux");
      manifests.add(descriptor(child.manifest()).set("platform", platform));
    }
    return new MultiPlatform(children, Content.of(MediaTypes.OCI_INDEX, bytes(index)));
  }

  /** An image manifest over these contents. */
  static Content manifest(Content config, List<Content> layers) {
    ObjectNode manifest = JSON.createObjectNode();
    manifest.put("schemaVersion", 2).put("mediaType", MediaTypes.OCI_IMAGE);
    manifest.set("config", descriptor(config));
    ArrayNode array = manifest.putArray("layers");
    layers.forEach(layer -> array.add(descriptor(layer)));
    return Content.of(MediaTypes.OCI_IMAGE, bytes(manifest));
  }

  /**
   * Writes an OCI image layout with one entry under that tag, as skopeo reads it with {@code
   * oci:folder:tag}.
   *
   * @param top the manifest or index that the tag names, one of the contents
   */
  static void writeLayout(Path folder, String tag, Content top, List<Content> contents)
      throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("blobs").resolve("sha256"));
    for (Content content : contents) {
      Files.write(blobs.resolve(content.digest().hex()), content.bytes());
    }
    Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    ObjectNode index = JSON.createObjectNode();
    index.put("schemaVersion", 2);
    ObjectNode entry = descriptor(top);
    entry.putObject("annotations").put("org.opencontainers.image.ref.name", tag);
    index.putArray("manifests").add(entry);
    Files.write(folder.resolve("index.json"), bytes(index));
  }

  /** A descriptor of that content. */
  static ObjectNode descriptor(Content content) {
    ObjectNode descriptor = JSON.createObjectNode();
    descriptor
        .put("mediaType", content.mediaType())
        .put("digest", content.digest().toString())
        .put("size", content.size());
    return descriptor;
  }

  /** These bytes in gzip's format. */
  static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }

  static byte[] bytes(ObjectNode json) {
    return json.toPrettyString().getBytes(UTF_8);
  }

  private static String hostArchitecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }

  private static byte[] config(String architecture, List<Digest> diffIds) {
    ObjectNode config = JSON.createObjectNode();
    config
        .put("created", "2026-01-01T00:00:00Z")
        .put("architecture", architecture)
        .put("os", "linux");
    config.putObject("config").putArray("Entrypoint").add(PROGRAM);
    ObjectNode rootfs = config.putObject("rootfs");
    rootfs.put("type", "layers");
    ArrayNode ids = rootfs.putArray("diff_ids");
    ArrayNode history = config.putArray("history");
    for (Digest diffId : diffIds) {
      ids.add(diffId.toString());
      history.addObject().put("created", "2026-01-01T00:00:00Z").put("created_by", "the fixture");
    }
    return bytes(config);
  }

  private static byte[] text(long seed) {
    StringBuilder text = new StringBuilder(TEXT_SIZE + 80);
    for (int line = 0; text.length() < TEXT_SIZE; line++) {
      text.append("seed ").append(seed).append(", line ").append(line);
      text.append(": what was written stays written\n");
    }
    return text.toString().getBytes(UTF_8);
  }

  private static byte[] random(long seed) {
    byte[] bytes = new byte[RANDOM_SIZE];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** A file of a layer; a folder if its name ends with a slash. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Entry(String name, byte[] bytes) {}

  private static byte[] tar(Entry... entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      for (Entry entry : entries) {
        TarArchiveEntry header = new TarArchiveEntry(entry.name());
        header.setModTime(0);
        header.setIds(0, 0);
        header.setMode(0755);
        header.setSize(entry.bytes().length);
        tar.putArchiveEntry(header);
        tar.write(entry.bytes());
        tar.closeArchiveEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
