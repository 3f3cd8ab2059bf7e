package dev.stele.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.oci.Manifest.Kind;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ManifestTest {
  private static final String DIGEST = "sha256:" + "a".repeat(64);
  private static final String OTHER = "sha256:" + "b".repeat(64);
  private static final String DESCRIPTOR = descriptor(DIGEST);
  private static final Map<Kind, List<String>> TYPES =
      Map.of(
          Kind.IMAGE, List.of(MediaTypes.OCI_IMAGE, MediaTypes.DOCKER_IMAGE),
          Kind.INDEX, List.of(MediaTypes.OCI_INDEX, MediaTypes.DOCKER_LIST),
          Kind.ARTIFACT, List.of(MediaTypes.OCI_ARTIFACT, MediaTypes.ORAS_ARTIFACT));

  /** The fields that list something, and whose they are. */
  private static final Map<String, Kind> FIELDS =
      Map.of(
          "config", Kind.IMAGE,
          "layers", Kind.IMAGE,
          "manifests", Kind.INDEX,
          "blobs", Kind.ARTIFACT);

  private static String descriptor(String digest) {
    return "{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":7}".formatted(digest);
  }

  private static final String IMAGE =
      "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}"
          .formatted(DESCRIPTOR, descriptor(OTHER));

  private static Manifest parse(String mediaType, String text) throws Exception {
    return Manifest.parse(mediaType, text.getBytes(UTF_8));
  }

  private static void refused(String mediaType, String text, String... saying) {
    refused(mediaType, text.getBytes(UTF_8), saying);
  }

  private static void refused(String mediaType, byte[] bytes, String... saying) {
    assertThatExceptionOfType(InvalidManifestException.class)
        .as(new String(bytes, UTF_8))
        .isThrownBy(() -> Manifest.parse(mediaType, bytes))
        .satisfies(e -> assertThat(e.getMessage()).contains(List.of(saying)));
  }

  @Test
  void whatAManifestListsIsOneListWhateverTheField() throws Exception {
    Manifest image = parse(MediaTypes.DOCKER_IMAGE, IMAGE);
    assertThat(image.kind()).isEqualTo(Kind.IMAGE);
    assertThat(image.mediaType()).as("it says none").isEqualTo(MediaTypes.OCI_IMAGE);
    assertThat(image.references()).containsExactly(Digest.parse(DIGEST), Digest.parse(OTHER));
    assertThat(image.listed())
        .extracting(Manifest.Listed::where)
        .containsExactly("config", "layers[0]");
    assertThat(image.artifactType()).contains("a/b");
    String list = "[" + DESCRIPTOR + "," + descriptor(OTHER) + "," + DESCRIPTOR + "]";
    for (String text :
        List.of("{\"schemaVersion\":2,\"manifests\":" + list + "}", "{\"blobs\":" + list + "}")) {
      Manifest manifest = Manifest.read(text.getBytes(UTF_8));
      assertThat(manifest.listed()).hasSize(3);
      assertThat(manifest.references()).isEqualTo(image.references());
    }
    assertThat(parse(MediaTypes.ORAS_ARTIFACT, "{}").listed()).isEmpty();
    assertThat(parse(MediaTypes.OCI_INDEX, "{\"schemaVersion\":2,\"manifests\":null}").listed())
        .as("as programs write an empty list")
        .isEmpty();
  }

  /**
   * Any set of fields, each null, empty or full: exactly those of one kind are accepted, only as
   * that kind's types, and then mean the same whatever the type.
   */
  @Property(tries = 1000)
  void structureDecidesWhatADocumentMayBePutAs(
      @ForAll List<@net.jqwik.api.constraints.IntRange(max = 3) Integer> choices,
      @ForAll boolean versioned,
      @ForAll boolean stated,
      @ForAll @net.jqwik.api.constraints.IntRange(max = 5) int type) {
    List<String> types = TYPES.values().stream().flatMap(List::stream).sorted().toList();
    String mediaType = types.get(type);
    Map<String, String> fields = new LinkedHashMap<>();
    if (versioned) {
      fields.put("schemaVersion", "2");
    }
    if (stated) {
      fields.put("mediaType", '"' + mediaType + '"');
    }
    int n = 0;
    for (String field : new java.util.TreeSet<>(FIELDS.keySet())) {
      int choice = n < choices.size() ? choices.get(n++) : 0;
      String full = field.equals("config") ? DESCRIPTOR : "[" + DESCRIPTOR + "]";
      String empty = field.equals("config") ? "null" : "[]";
      switch (choice) {
        case 1 -> fields.put(field, "null");
        case 2 -> fields.put(field, empty);
        case 3 -> fields.put(field, full);
        default -> {}
      }
    }
    byte[] bytes =
        fields.entrySet().stream()
            .map(each -> '"' + each.getKey() + "\":" + each.getValue())
            .collect(Collectors.joining(",", "{", "}"))
            .getBytes(UTF_8);
    Kind kind =
        TYPES.entrySet().stream()
            .filter(each -> each.getValue().contains(mediaType))
            .findFirst()
            .orElseThrow()
            .getKey();
    List<String> foreign =
        FIELDS.keySet().stream()
            .filter(field -> fields.containsKey(field) && FIELDS.get(field) != kind)
            .toList();
    boolean complete =
        switch (kind) {
          case IMAGE ->
              versioned && fields.containsKey("layers") && DESCRIPTOR.equals(fields.get("config"));
          case INDEX -> versioned && fields.containsKey("manifests");
          case ARTIFACT -> true;
        };
    try {
      Manifest parsed = Manifest.parse(mediaType, bytes);
      assertThat(foreign).isEmpty();
      assertThat(complete).isTrue();
      Manifest read = Manifest.read(bytes);
      assertThat(read).isEqualTo(parsed);
      assertThat(read.kind()).isEqualTo(kind);
      for (String other : types) {
        if (!TYPES.get(kind).contains(other)) {
          refused(other, bytes, "");
        }
      }
    } catch (InvalidManifestException e) {
      assertThat(foreign.isEmpty() && complete).as(e.getMessage()).isFalse();
      if (!foreign.isEmpty()) {
        assertThat(e.getMessage()).contains(mediaType);
        assertThat(foreign).anyMatch(field -> e.getMessage().contains(field));
      }
    }
  }

  @Test
  void aTypeThatTheBodyDoesNotStateIsRefused() {
    refused("text/plain", IMAGE, "text/plain", MediaTypes.OCI_IMAGE);
    String typed = IMAGE.replaceFirst("\\{", "{\"mediaType\":\"" + MediaTypes.OCI_IMAGE + "\",");
    refused(MediaTypes.DOCKER_IMAGE, typed, MediaTypes.DOCKER_IMAGE, MediaTypes.OCI_IMAGE);
    refused(MediaTypes.OCI_IMAGE, IMAGE.replaceFirst("\\{", "{\"mediaType\":5,"), "mediaType");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace(":2,", ":1,"), "schemaVersion");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace(":2,", ":\"2\","), "schemaVersion");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace(":2,", ":2.0,"), "schemaVersion");
    refused(MediaTypes.ORAS_ARTIFACT, "{\"schemaVersion\":1,\"blobs\":[]}", "schemaVersion");
    refused(
        MediaTypes.DOCKER_IMAGE,
        "{\"schemaVersion\":1,\"fsLayers\":[],\"history\":[]}",
        "fsLayers");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace("]}", "],\"fsLayers\":null}"), "fsLayers");
  }

  @Test
  void whatReadersReadDifferentlyIsRefused() {
    for (String[] each :
        new String[][] {
          {"\"layers\"", "\"Layers\""},
          {"\"layers\"", "\"layer\u017f\""},
          {"\"config\"", "\"CONFIG\""},
          {"\"digest\"", "\"Digest\""},
          {"\"size\"", "\"\u017fize\""},
          {"{\"schema", "{\"Manifests\":[],\"schema"},
          {"{\"schema", "{\"subject\":null,\"Subject\":null,\"schema"}
        }) {
      refused(MediaTypes.OCI_IMAGE, IMAGE.replace(each[0], each[1]), "write");
    }
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replaceFirst("\\{", "{\"config\":" + DESCRIPTOR + ","),
        "config");
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replaceFirst("\"digest\"", "\"digest\":\"" + OTHER + "\",\"digest\""),
        "digest");
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replace("{\"schema", "{\"other\":[{\"a\":1,\"\\u0061\":2}],\"schema"),
        "'a'");
    refused(MediaTypes.OCI_IMAGE, "\ufeff" + IMAGE, "byte order mark");
    for (Charset charset :
        Stream.of("UTF-16LE", "UTF-16BE", "UTF-16", "UTF-32LE", "UTF-32BE")
            .map(Charset::forName)
            .toList()) {
      refused(MediaTypes.OCI_IMAGE, IMAGE.getBytes(charset), "UTF-8");
    }
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replace("a/b", "\u00e9").getBytes(StandardCharsets.ISO_8859_1),
        "UTF-8");
    refused(MediaTypes.OCI_IMAGE, IMAGE + "{}", "follows");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace("a/b", "\\ud800"), "surrogate");
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replace("{\"schema", "{\"annotations\":{\"a\":\"\\udc00\"},\"schema"),
        "surrogate");
  }

  @Test
  void descriptorsAreChecked() {
    refused(MediaTypes.OCI_IMAGE, IMAGE.replaceFirst("\"size\":7", "\"size\":-1"), "config.size");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replaceFirst("\"size\":7", "\"size\":7.0"), "config.size");
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replaceFirst("\"size\":7", "\"size\":99999999999999999999"),
        "config.size");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replaceFirst(",\"size\":7", ""), "config lacks size");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace(OTHER, "sha256:x"), "layers[0].digest");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace("a/b", "a/" + "b".repeat(254)), "255");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace("[{", "[5,{"), "layers[0]");
    refused(MediaTypes.OCI_IMAGE, IMAGE.replace(DESCRIPTOR, "null"), "lacks config");
    refused(MediaTypes.OCI_INDEX, "{\"schemaVersion\":2}", "lacks manifests");
  }

  /** What has no meaning takes no memory, and names that nobody reads fill no table. */
  @Test
  void whatIsPassedOverMayBeAnything() throws Exception {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 4_096; i++) {
      StringBuilder name = new StringBuilder();
      for (int bit = 0; bit < 12; bit++) {
        name.append((i >> bit & 1) == 0 ? "Aa" : "BB"); // All have one hash.
      }
      names.add('"' + name.toString() + "\":[{},{},1e400,null]");
    }
    Manifest manifest =
        parse(
            MediaTypes.OCI_IMAGE,
            IMAGE.replaceFirst("\\{", "{\"x\":{" + String.join(",", names) + "},"));
    assertThat(manifest).isEqualTo(parse(MediaTypes.OCI_IMAGE, IMAGE));
  }

  @Test
  void thereMayBeManyAnnotationsWithinALimit() throws Exception {
    String annotations =
        IntStream.range(0, 10_000)
            .mapToObj(i -> "\"a" + i + "\":\"\"")
            .collect(Collectors.joining(","));
    String start = "{\"annotations\":{" + annotations;
    assertThat(parse(MediaTypes.OCI_IMAGE, IMAGE.replaceFirst("\\{", start + "},")).annotations())
        .hasSize(10_000);
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replaceFirst("\\{", start + ",\"more\":\"\"},"),
        "annotations has more than 10000 entries");
    refused(
        MediaTypes.OCI_IMAGE,
        IMAGE.replaceFirst("\\{", "{\"x\":[" + "0,".repeat(500_000) + "0],"),
        "not valid JSON");
  }

  @Test
  void caseMakesNoDifferenceInAMediaType() throws Exception {
    String odd = "Application/VND.OCI.Image.Manifest.v1+JSON";
    String stating = IMAGE.replaceFirst("\\{", "{\"mediaType\":\"" + odd + "\",");
    for (String put : List.of(odd, MediaTypes.OCI_IMAGE)) {
      assertThat(parse(put, IMAGE)).isEqualTo(parse(MediaTypes.OCI_IMAGE, IMAGE));
      Manifest manifest = parse(put, stating);
      assertThat(manifest.mediaType()).isEqualTo(MediaTypes.OCI_IMAGE);
      assertThat(Manifest.read(stating.getBytes(UTF_8))).isEqualTo(manifest);
    }
    refused(MediaTypes.DOCKER_IMAGE, stating, "mediaType says");
    assertThat(
            MediaTypes.nonDistributable("application/vnd.OCI.image.layer.Nondistributable.v1.tar"))
        .isTrue();
    assertThat(MediaTypes.nonDistributable("application/vnd.docker.image.ROOTFS.foreign.diff"))
        .isTrue();
    assertThat(MediaTypes.nonDistributable("application/vnd.oci.image.layer")).isFalse();
    assertThat(MediaTypes.imageConfig("application/vnd.oci.image.CONFIG.v1+json")).isTrue();
    assertThat(MediaTypes.fileSystemLayer("application/vnd.oci.image.LAYER.v1.tar")).isTrue();
  }

  @Test
  void contentHasOneSize() throws Exception {
    String twice =
        "{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s,%s]}"
            .formatted(
                DESCRIPTOR, descriptor(OTHER), DESCRIPTOR.replace("\"size\":7", "\"size\":8"));
    refused(
        MediaTypes.OCI_IMAGE,
        twice,
        "layers[1].size says 8 bytes, but config.size says that " + DIGEST + " has 7");
    assertThat(Manifest.read(twice.getBytes(UTF_8)).listed())
        .as("what is on record is read as it is")
        .hasSize(3);
  }
}
