package dev.stele.registry;

import static dev.stele.registry.TestClient.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobContent;
import dev.stele.gc.GcOptions;
import dev.stele.history.History;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.policy.TestPolicies;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Random documents of all types, well-formed and contradictory, that list blobs, manifests, both
 * and neither in any field, in a sparse registry and in a strict one: exactly the ones that mean
 * one thing are accepted. Whatever was accepted, and in whatever order it came, a collection leaves
 * exactly what tags reach, readable through either address with its bytes and its type.
 */
class ReferencePropertyTest {
  private static final int STEPS = 50;
  private static final Caller CALLER = new Caller("alice", "request");
  private static final List<Tag> TAGS = Stream.of("a", "b", "c").map(Tag::parse).toList();
  private static final List<String> TYPES = MediaTypes.MANIFESTS.stream().sorted().toList();

  /** The fields that list something, by what has them. */
  private static final Map<Boolean, List<String>> OF_INDEX =
      Map.of(true, List.of("manifests"), false, List.of("config", "layers"));

  private static final Map<Boolean, RegistryFixture> FIXTURES = new HashMap<>();
  private static int tries;
  private static long whole;

  @BeforeContainer
  static void open() throws IOException {
    for (boolean sparse : new boolean[] {false, true}) {
      RegistryFixture fixture =
          RegistryFixture.inItsOwnFolder(
              RegistryOptions.DEFAULT
                  .withSparseManifests(sparse)
                  .withGc(GcOptions.DEFAULT.withGrace(Duration.ZERO)));
      FIXTURES.put(sparse, fixture);
      boolean _ = fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED);
    }
  }

  @AfterContainer
  static void close() {
    for (RegistryFixture fixture : FIXTURES.values()) {
      fixture.assertViewsEqualAReplay();
      fixture.close();
    }
    assertThat(whole).as("tags at the end, of what lists something that is there").isPositive();
  }

  @Property(tries = 16, shrinking = ShrinkingMode.OFF)
  void whatIsAcceptedStaysWhole(@ForAll long seed) throws IOException {
    boolean sparse = tries % 2 == 0;
    Try one = new Try(FIXTURES.get(sparse).registry(), sparse, new Random(seed), tries++);
    for (int step = 0; step < STEPS; step++) {
      one.step();
    }
    one.collect();
    whole += one.tags.values().stream().filter(digest -> one.lists(digest)).count();
  }

  /**
   * A document, and what is right about it.
   *
   * @param type that it can be put as, if any
   */
  private record Document(
      byte[] bytes,
      Optional<String> type,
      Set<Digest> lists,
      Optional<Digest> subject,
      boolean sized) {
    Digest digest() {
      return Digest.of(Digest.Algorithm.SHA256, bytes);
    }
  }

  private static final class Try {
    private final Registry registry;
    private final boolean sparse;
    private final Random random;
    private final RepositoryName name;
    private final Map<Digest, byte[]> contents =
        new TreeMap<>(Comparator.comparing(Digest::toString));
    private final List<Document> documents = new ArrayList<>();

    // What the repository has.
    private final Set<Digest> blobs = new HashSet<>();
    private final Map<Digest, Document> manifests = new HashMap<>();
    private final Map<Digest, String> types = new HashMap<>();
    private final Map<Tag, Digest> tags = new TreeMap<>(Comparator.comparing(Tag::value));

    Try(Registry registry, boolean sparse, Random random, int number) {
      this.registry = registry;
      this.sparse = sparse;
      this.random = random;
      this.name = RepositoryName.parse("try/" + number);
      for (int n = 0; n < 5; n++) {
        byte[] content = ("try " + number + " blob " + n).getBytes(UTF_8);
        contents.put(Sizes.digest(content), content);
      }
      for (int n = 0; n < 16; n++) {
        Document document = document(n);
        documents.add(document);
        contents.put(Sizes.digest(document.bytes()), document.bytes());
      }
    }

    private <T> T any(List<T> of) {
      return of.get(random.nextInt(of.size()));
    }

    private boolean one(int in) {
      return random.nextInt(in) == 0;
    }

    private Document document(int number) {
      String type = any(TYPES);
      boolean artifact = type.contains("artifact");
      boolean index = type.equals(MediaTypes.OCI_INDEX) || type.equals(MediaTypes.DOCKER_LIST);
      List<String> fields = new ArrayList<>(artifact ? List.of("blobs") : OF_INDEX.get(index));
      boolean contradictory = one(6);
      if (contradictory) {
        fields.add(
            any(
                Stream.of("config", "layers", "manifests", "blobs", "fsLayers")
                    .filter(field -> !fields.contains(field))
                    .toList()));
      }
      Set<Digest> lists = new LinkedHashSet<>();
      boolean[] sized = {true};
      StringBuilder json =
          new StringBuilder("{\"annotations\":{\"of\":\"%s %d\"}".formatted(name, number));
      if (!artifact) {
        json.append(",\"schemaVersion\":2");
      }
      if (random.nextBoolean()) {
        json.append(",\"mediaType\":\"").append(type).append('"');
      }
      for (String field : fields) {
        if (field.equals("config")) {
          json.append(",\"config\":").append(descriptor(lists, sized));
        } else {
          json.append(
              Stream.generate(() -> descriptor(lists, sized))
                  .limit(random.nextInt(4))
                  .collect(Collectors.joining(",", ",\"" + field + "\":[", "]")));
        }
      }
      Optional<Digest> subject =
          one(3) ? Optional.of(any(List.copyOf(contents.keySet()))) : Optional.empty();
      subject.ifPresent(
          digest -> json.append(",\"subject\":").append(descriptor(digest, Sizes.of(digest))));
      return new Document(
          json.append('}').toString().getBytes(UTF_8),
          contradictory ? Optional.empty() : Optional.of(type),
          lists,
          subject,
          sized[0]);
    }

    /** Of a blob or a manifest, or of what never comes; with a wrong size now and then. */
    private String descriptor(Set<Digest> lists, boolean[] sized) {
      Digest digest =
          one(15)
              ? Digest.of(Digest.Algorithm.SHA256, (name + " never").getBytes(UTF_8))
              : any(List.copyOf(contents.keySet()));
      lists.add(digest);
      boolean wrong = one(30) && contents.containsKey(digest);
      sized[0] &= !wrong;
      return descriptor(digest, Sizes.of(digest) + (wrong ? 1 : 0));
    }

    private String descriptor(Digest digest, long size) {
      String type =
          any(
              List.of(
                  MediaTypes.OCI_IMAGE,
                  MediaTypes.OCI_INDEX,
                  "application/vnd.oci.image.config.v1+json",
                  "application/vnd.oci.image.layer.v1.tar+gzip",
                  "application/vnd.in-toto+json"));
      return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}".formatted(type, digest, size);
    }

    private boolean has(Digest digest) {
      return blobs.contains(digest) || manifests.containsKey(digest);
    }

    boolean lists(Digest manifest) {
      return manifests.get(manifest).lists().stream().anyMatch(this::has);
    }

    private List<Digest> listing(Digest digest) {
      return manifests.values().stream()
          .filter(document -> document.lists().contains(digest))
          .map(Document::digest)
          .sorted(Comparator.comparing(Digest::toString))
          .limit(10)
          .toList();
    }

    void step() throws IOException {
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3, 4, 5, 6 -> upload();
        case 7, 8, 9, 10, 11, 12, 13 -> put();
        case 14, 15 -> deleteTag();
        case 16 -> deleteManifest();
        case 17 -> deleteBlob();
        default -> collect();
      }
    }

    private void upload() throws IOException {
      Digest digest = any(List.copyOf(contents.keySet()));
      byte[] content = contents.get(digest);
      TestClient.upload(registry, name, content);
      blobs.add(digest);
    }

    private void put() {
      Document document = any(documents);
      Digest digest = document.digest();
      String type = document.type().filter(_ -> !one(8)).orElseGet(() -> any(TYPES));
      Optional<Tag> tag = one(3) ? Optional.empty() : Optional.of(any(TAGS));
      Outcome<PutManifest> outcome =
          registry.putManifest(
              CALLER,
              name,
              tag.<Reference>map(each -> each).orElse(new Reference.ByDigest(digest)),
              type,
              document.bytes(),
              List.of());
      if (accepted(document, type)) {
        assertThat(outcome)
            .isEqualTo(
                Outcome.ok(new PutManifest(digest, document.subject(), tag.stream().toList())));
        manifests.put(digest, document);
        types.put(digest, type);
        tag.ifPresent(each -> tags.put(each, digest));
      } else {
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
      }
    }

    private boolean accepted(Document document, String type) {
      String text = new String(document.bytes(), UTF_8);
      boolean right =
          document
              .type()
              .filter(
                  own ->
                      text.contains(",\"mediaType\":\"" + own + "\"") // a descriptor's has a {
                          ? own.equals(type)
                          : alike(own, type))
              .isPresent();
      return right
          && (sparse || document.lists().stream().allMatch(this::has))
          && (document.sized() || wrongAreAbsent(document))
          && types.getOrDefault(document.digest(), type).equals(type);
    }

    /** A wrong size of what is not there cannot be noticed, unless the right one is there, too. */
    private boolean wrongAreAbsent(Document document) {
      String text = new String(document.bytes(), UTF_8);
      String listed = text.replaceAll(",\"subject\":.*", "");
      return document.lists().stream()
          .filter(digest -> has(digest) || listed.contains(sized(digest, 0)))
          .noneMatch(digest -> text.contains(sized(digest, 1)));
    }

    private static String sized(Digest digest, int more) {
      return "\"%s\",\"size\":%d}".formatted(digest, Sizes.of(digest) + more);
    }

    /** Whether the structure of one type is that of another. */
    private static boolean alike(String one, String other) {
      return structure(one).equals(structure(other));
    }

    private static String structure(String type) {
      return switch (type) {
        case MediaTypes.OCI_IMAGE, MediaTypes.DOCKER_IMAGE -> "image";
        case MediaTypes.OCI_INDEX, MediaTypes.DOCKER_LIST -> "index";
        default -> "artifact";
      };
    }

    private void deleteTag() {
      Tag tag = any(TAGS);
      if (registry.deleteTag(CALLER, name, tag) instanceof Outcome.Ok) {
        assertThat(tags.remove(tag)).isNotNull();
      } else {
        assertThat(tags).doesNotContainKey(tag);
      }
    }

    private void deleteManifest() {
      Digest digest = any(documents).digest();
      Outcome<Digest> outcome = registry.deleteManifest(CALLER, name, digest);
      List<Digest> listing = listing(digest);
      if (!manifests.containsKey(digest)) {
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
      } else if (!listing.isEmpty()) {
        assertThat(outcome).isEqualTo(Outcome.refused(new Refusal.Referenced(digest, listing)));
      } else {
        assertThat(outcome).isEqualTo(Outcome.ok(digest));
        lose(digest);
        tags.values().removeIf(digest::equals);
      }
    }

    private void deleteBlob() {
      Digest digest = any(List.copyOf(contents.keySet()));
      Outcome<Digest> outcome = registry.deleteBlob(CALLER, name, digest);
      if (blobs.contains(digest) && !manifests.containsKey(digest) && listing(digest).isEmpty()) {
        assertThat(outcome).isEqualTo(Outcome.ok(digest));
        blobs.remove(digest);
      } else {
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
      }
    }

    private void lose(Digest manifest) {
      manifests.remove(manifest);
      types.remove(manifest);
    }

    void collect() throws IOException {
      assertThat(registry.collecting().run().failure()).isEmpty();
      Set<Digest> reached = new HashSet<>();
      Deque<Digest> next = new ArrayDeque<>(tags.values());
      while (!next.isEmpty()) {
        Digest digest = next.remove();
        if (manifests.containsKey(digest) && reached.add(digest)) {
          next.addAll(manifests.get(digest).lists());
          manifests.values().stream()
              .filter(other -> other.subject().equals(Optional.of(digest)))
              .map(Document::digest)
              .forEach(next::add);
        }
      }
      List.copyOf(manifests.keySet()).stream()
          .filter(digest -> !reached.contains(digest))
          .forEach(this::lose);
      // A tag or a subject keeps a manifest, but not a blob that happens to be the same.
      Set<Digest> used =
          manifests.values().stream()
              .flatMap(document -> document.lists().stream())
              .collect(Collectors.toSet());
      blobs.retainAll(used);
      compare();
    }

    private void compare() throws IOException {
      History history = new History(registry);
      for (Map.Entry<Tag, Digest> each : tags.entrySet()) {
        StoredManifest pulled = ok(registry.manifest(name, each.getKey()));
        assertThat(pulled.digest()).isEqualTo(each.getValue());
        assertThat(history.image(history.now(), name, each.getKey()))
            .isInstanceOf(Outcome.Ok.class);
      }
      for (Map.Entry<Digest, byte[]> content : contents.entrySet()) {
        Digest digest = content.getKey();
        Outcome<StoredManifest> manifest = registry.manifest(name, new Reference.ByDigest(digest));
        Outcome<BlobFacts> facts = registry.blobFacts(name, digest);
        if (manifests.containsKey(digest)) {
          StoredManifest found = ok(manifest);
          assertThat(found.bytes()).isEqualTo(content.getValue());
          assertThat(found.mediaType()).isEqualTo(types.get(digest));
        } else {
          assertThat(manifest).isInstanceOf(Outcome.Refused.class);
        }
        if (has(digest)) {
          assertThat(facts)
              .isEqualTo(
                  Outcome.ok(
                      new BlobFacts(
                          content.getValue().length, Optional.ofNullable(types.get(digest)))));
          try (BlobContent bytes = ok(registry.blob(name, digest))) {
            assertThat(bytes.stream(0, bytes.size()).readAllBytes()).isEqualTo(content.getValue());
          } catch (dev.stele.blob.BadRangeException e) {
            throw new AssertionError(e);
          }
        } else {
          assertThat(facts).isInstanceOf(Outcome.Refused.class);
        }
      }
    }
  }
}
