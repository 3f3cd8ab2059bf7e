package dev.stele.oci;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the registry reads from a manifest's bytes: what it refers to and how it is described. The
 * bytes themselves are kept elsewhere, unchanged.
 *
 * <p>INVARIANT: all of it follows from the bytes alone. Under which type they were put, where and
 * when, changes nothing: {@link #parse} refuses a type that they contradict.
 *
 * @param mediaType the one that the bytes state, in the case in which it is known here, or, if they
 *     state none, the OCI type of their structure
 * @param artifactType the declared artifact type or, for an image without one, its config's media
 *     type
 * @param listed everything that it lists, in whatever field: the one definition of what a manifest
 *     refers to. Each is present if the repository has its digest as a blob or as a manifest, and
 *     is kept while this manifest is
 * @param subject the manifest that this one is about (a referrer's subject), which keeps it
 */
public record Manifest(
    Kind kind,
    String mediaType,
    Optional<String> artifactType,
    List<Listed> listed,
    Optional<Descriptor> subject,
    Map<String, String> annotations) {

  /** The three structures, told apart by the fields that list content. */
  public enum Kind {
    IMAGE("an image", List.of("config", "layers"), MediaTypes.OCI_IMAGE, MediaTypes.DOCKER_IMAGE),
    INDEX("an index", List.of("manifests"), MediaTypes.OCI_INDEX, MediaTypes.DOCKER_LIST),
    /** The structure also of what lists nothing. */
    ARTIFACT(
        "an artifact manifest",
        List.of("blobs"),
        MediaTypes.OCI_ARTIFACT,
        MediaTypes.ORAS_ARTIFACT);

    private final String words;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> fields;

    private final String ociType;

    @SuppressWarnings("ImmutableEnumChecker") // Set.of
    private final Set<String> types;

    Kind(String words, List<String> fields, String ociType, String otherType) {
      this.words = words;
      this.fields = fields;
      this.ociType = ociType;
      this.types = Set.of(ociType, otherType);
    }

    private static Kind ofType(String mediaType) throws InvalidManifestException {
      Optional<String> known = MediaTypes.manifest(mediaType);
      for (Kind kind : values()) {
        if (known.filter(kind.types::contains).isPresent()) {
          return kind;
        }
      }
      throw new InvalidManifestException(
          InvalidNameException.quote(mediaType)
              + " is not a manifest's media type; accepted are: "
              + String.join(", ", MediaTypes.MANIFESTS.stream().sorted().toList()));
    }

    private static Kind ofField(String field) {
      for (Kind kind : values()) {
        if (kind.fields.contains(field)) {
          return kind;
        }
      }
      throw new IllegalArgumentException(field);
    }
  }

  /** What something listed is to a manifest. Only ever told to people: it decides nothing. */
  public enum Role {
    CONFIG,
    /** A layer of an image, a blob of an artifact. */
    LAYER,
    /** A child of an index. */
    CHILD;

    private static Role ofField(String field) {
      return switch (field) {
        case "config" -> CONFIG;
        case "layers", "blobs" -> LAYER;
        case "manifests" -> CHILD;
        default -> throw new IllegalArgumentException(field);
      };
    }
  }

  /**
   * Something that a manifest lists.
   *
   * @param where it does, such as {@code layers[3]}
   */
  public record Listed(String where, Role role, Descriptor descriptor) {
    public Digest digest() {
      return descriptor.digest();
    }

    /** Whether it need not be in the registry, as its media type says. */
    public boolean elsewhere() {
      return MediaTypes.nonDistributable(descriptor.mediaType());
    }
  }

  public Manifest {
    listed = List.copyOf(listed);
    annotations = Descriptor.copyOf(annotations);
  }

  /**
   * Reads a manifest that is put.
   *
   * @param mediaType as the client declared it, in any case, without parameters
   * @throws InvalidManifestException saying what is wrong with the type or the body, or which field
   *     contradicts the type or another field
   */
  public static Manifest parse(String mediaType, byte[] body) throws InvalidManifestException {
    Kind kind = Kind.ofType(mediaType);
    ManifestFields fields = ManifestFields.of(body);
    if (fields.mediaType.isPresent() && !fields.mediaType.get().equalsIgnoreCase(mediaType)) {
      throw new InvalidManifestException(
          "the Content-Type is %s but the manifest's mediaType says %s"
              .formatted(mediaType, InvalidNameException.quote(fields.mediaType.get())));
    }
    Manifest manifest = of(kind, "the type " + mediaType, fields);
    manifest.requireOneSizeEach();
    return manifest;
  }

  /**
   * Reads a manifest that was put some time, under whichever type.
   *
   * @throws InvalidManifestException saying what is wrong with the body
   */
  public static Manifest read(byte[] body) throws InvalidManifestException {
    ManifestFields fields = ManifestFields.of(body);
    Kind kind = fields.lists.keySet().stream().findFirst().map(Kind::ofField).orElse(Kind.ARTIFACT);
    return of(kind, "its other fields", fields);
  }

  private static Manifest of(Kind kind, String contradicted, ManifestFields fields)
      throws InvalidManifestException {
    for (String field : fields.lists.keySet()) {
      Kind other = Kind.ofField(field);
      if (other != kind) {
        throw new InvalidManifestException(
            "the manifest's field %s contradicts %s: only %s has it"
                .formatted(field, contradicted, other.words));
      }
    }
    if (kind != Kind.ARTIFACT) {
      requireStructure(kind, fields);
    } else if (fields.versioned && !fields.versionTwo) {
      throw new InvalidManifestException("schemaVersion must be 2, where there is one");
    }
    List<Listed> listed = new ArrayList<>();
    fields.lists.forEach(
        (field, descriptors) -> {
          for (int i = 0; i < descriptors.size(); i++) {
            String where = field.equals("config") ? field : field + "[" + i + "]";
            listed.add(new Listed(where, Role.ofField(field), descriptors.get(i)));
          }
        });
    return new Manifest(
        kind,
        fields.mediaType.map(MediaTypes::canonical).orElse(kind.ociType),
        fields.artifactType.or(
            () ->
                fields.lists.getOrDefault("config", List.of()).stream()
                    .findFirst()
                    .map(Descriptor::mediaType)),
        listed,
        fields.subject,
        fields.annotations);
  }

  /**
   * Content has one size, so one of two is wrong whether it is here or not. Asked only of what is
   * put: what is on record is read as it is.
   */
  private void requireOneSizeEach() throws InvalidManifestException {
    Map<Digest, Listed> first = new HashMap<>();
    for (Listed each : listed) {
      Listed other = first.putIfAbsent(each.digest(), each);
      if (other != null && other.descriptor().size() != each.descriptor().size()) {
        throw new InvalidManifestException(
            "%s.size says %d bytes, but %s.size says that %s has %d"
                .formatted(
                    each.where(),
                    each.descriptor().size(),
                    other.where(),
                    each.digest(),
                    other.descriptor().size()));
      }
    }
  }

  private static void requireStructure(Kind kind, ManifestFields fields)
      throws InvalidManifestException {
    if (!fields.versioned) {
      throw new InvalidManifestException("the manifest lacks schemaVersion");
    }
    if (!fields.versionTwo) {
      throw new InvalidManifestException("schemaVersion must be 2");
    }
    for (String field : kind.fields) {
      // Programs write null for an empty list.
      if (!fields.lists.containsKey(field)
          || (field.equals("config") && fields.lists.get(field).isEmpty())) {
        throw new InvalidManifestException("the manifest lacks " + field);
      }
    }
  }

  /** The config of an image. */
  public Optional<Descriptor> config() {
    return listed.stream()
        .filter(each -> each.role() == Role.CONFIG)
        .map(Listed::descriptor)
        .findFirst();
  }

  /** Layers of an image, from the lowest, or blobs of an artifact. */
  public List<Descriptor> layers() {
    return listed.stream()
        .filter(each -> each.role() == Role.LAYER)
        .map(Listed::descriptor)
        .toList();
  }

  /** The digests of what it lists, each once. */
  public List<Digest> references() {
    return listed.stream().map(Listed::digest).distinct().toList();
  }

  /**
   * Whether this is an image that can run: its config is an image's and, if there are layers, at
   * least one is a file system's. A signature or attestation that borrows an image's config has
   * only layers of its own kind.
   */
  public boolean isContainerImage() {
    List<Descriptor> layers = layers();
    return config().map(Descriptor::mediaType).filter(MediaTypes::imageConfig).isPresent()
        && (layers.isEmpty()
            || layers.stream().map(Descriptor::mediaType).anyMatch(MediaTypes::fileSystemLayer));
  }
}
