package dev.stele.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.event.Event;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The record of a busy registry, made up from a seed: teams with repositories, whose tags move from
 * build to build, layers that builds share, pulls, and tags that go. It has the events that clients
 * would have caused, in an order that they could have happened in; only the bytes of the blobs are
 * in no store. Not thread-safe.
 */
final class GeneratedRecord {
  /** How many events a batch has, but for a few. */
  static final int BATCH = 500;

  /** How many images there are in a row at first. */
  static final int IMAGES = 2_000;

  private static final int LAYERS = 4;
  private static final int REPOSITORIES_A_TEAM = 20;
  private static final int BASE_LAYERS = 50;
  private static final int PULLS_A_BUILD = 6;
  private static final int TAGS_KEPT = 50;
  private static final int ACTORS = 200;

  /** What a repository has, as far as the next events depend on it. */
  private static final class Repository {
    final RepositoryName name;
    final Set<Digest> baseLayers = new HashSet<>();
    final List<Digest> builds = new ArrayList<>();
    Optional<Digest> latest = Optional.empty();
    int builtSoFar;
    int deletedBelow;
    long firstPosition;

    Repository(RepositoryName name) {
      this.name = name;
    }
  }

  /**
   * Events that belong together, and the manifests that they speak of.
   *
   * @param actor who caused them
   */
  record Batch(String actor, List<Step> steps) {}

  /** An event, and the document of the manifest that it puts, if it puts one. */
  record Step(Event event, Optional<byte[]> document) {
    static Step of(Event event) {
      return new Step(event, Optional.empty());
    }
  }

  private final Random random;
  private final Set<Digest> stored = new HashSet<>();
  private final List<Repository> repositories = new ArrayList<>();
  private long events;

  /**
   * A record of so many repositories.
   *
   * @param repositories how many, at least 1
   */
  GeneratedRecord(long seed, int repositories) {
    this.random = new Random(seed);
    for (int i = 0; i < repositories; i++) {
      this.repositories.add(
          new Repository(
              RepositoryName.parse("team-" + i / REPOSITORIES_A_TEAM + "/service-" + i)));
    }
  }

  /**
   * The first events: {@value #IMAGES} images of {@value #LAYERS} layers that share nothing, each
   * with a tag, in a repository of their own.
   */
  List<Batch> images() {
    Repository repository = new Repository(RepositoryName.parse("images/of-four-layers"));
    List<Batch> batches = new ArrayList<>();
    List<Step> steps =
        new ArrayList<>(List.of(Step.of(new Event.RepositoryCreated(repository.name))));
    for (int number = 0; number < IMAGES; number++) {
      List<Digest> blobs = new ArrayList<>();
      for (int blob = 0; blob <= LAYERS; blob++) {
        blobs.add(digest(repository.name + " " + number + " " + blob));
        steps.add(upload(repository, blobs.getLast()));
      }
      put(
          repository,
          blobs.getFirst(),
          blobs.subList(1, blobs.size()),
          List.of(Tag.parse("v" + number)),
          steps);
      if (steps.size() >= BATCH || number == IMAGES - 1) {
        events += steps.size();
        batches.add(new Batch(actor(), steps));
        steps = new ArrayList<>();
      }
    }
    return batches;
  }

  /** The next events, all of one repository. */
  Batch next() {
    Repository repository = any(repositories);
    List<Step> steps = new ArrayList<>(BATCH + 32);
    if (repository.builtSoFar == 0) {
      repository.firstPosition = events;
      steps.add(Step.of(new Event.RepositoryCreated(repository.name)));
    }
    while (steps.size() < BATCH) {
      build(repository, steps);
    }
    events += steps.size();
    return new Batch(actor(), steps);
  }

  /** Somebody who caused events. */
  String actor() {
    return "user-" + random.nextInt(ACTORS);
  }

  /** Some repository that has been built in. */
  RepositoryName repository() {
    return built().name;
  }

  /**
   * Some repository that had been built in by a position, if it is the record of an empty log that
   * has this.
   *
   * @param position that some repository had been built in by
   */
  RepositoryName repository(long position) {
    while (true) {
      Repository repository = built();
      if (repository.firstPosition + BATCH < position) {
        return repository.name;
      }
    }
  }

  /** Some manifest that was put. */
  Digest manifest() {
    return any(built().builds);
  }

  private Repository built() {
    while (true) {
      Repository repository = any(repositories);
      if (!repository.builds.isEmpty()) {
        return repository;
      }
    }
  }

  /** The tag that moves with every build. */
  static Tag moving() {
    return Tag.parse("latest");
  }

  private void build(Repository repository, List<Step> steps) {
    int number = repository.builtSoFar++;
    Digest config = digest(repository.name + " config " + number);
    steps.add(upload(repository, config));
    Digest base = digest("base layer " + random.nextInt(BASE_LAYERS));
    if (repository.baseLayers.add(base)) {
      steps.add(upload(repository, base));
    }
    Tag version = Tag.parse("v" + number);
    Digest manifest = put(repository, config, List.of(base), List.of(version, moving()), steps);
    repository.latest = Optional.of(manifest);
    repository.builds.add(manifest);
    for (int pull = 0; pull < PULLS_A_BUILD; pull++) {
      steps.add(pull(repository));
    }
    if (number - repository.deletedBelow > TAGS_KEPT) {
      int oldest = repository.deletedBelow++;
      steps.add(
          Step.of(
              new Event.TagDeleted(
                  repository.name, Tag.parse("v" + oldest), repository.builds.get(oldest))));
    }
  }

  /** An image that comes under new tags, or under the one that moves. */
  private static Digest put(
      Repository repository, Digest config, List<Digest> layers, List<Tag> tags, List<Step> steps) {
    byte[] document = image(config, layers);
    Digest manifest = Digest.of(Digest.Algorithm.SHA256, document);
    steps.add(
        new Step(
            new Event.ManifestPut(
                repository.name,
                manifest,
                MediaTypes.OCI_IMAGE,
                document.length,
                Optional.empty(),
                true,
                tags),
            Optional.of(document)));
    for (Tag tag : tags) {
      Optional<Digest> before = tag.equals(moving()) ? repository.latest : Optional.empty();
      steps.add(Step.of(new Event.TagMoved(repository.name, tag, manifest, before)));
    }
    return manifest;
  }

  private Step pull(Repository repository) {
    boolean latest = random.nextBoolean();
    Instant now = Instant.now();
    int build =
        latest
            ? repository.builds.size() - 1
            : random.nextInt(repository.deletedBelow, repository.builds.size());
    return Step.of(
        new Event.PullsObserved(
            repository.name,
            repository.builds.get(build),
            Optional.of(latest ? moving() : Tag.parse("v" + build)),
            1 + random.nextInt(20),
            now,
            now));
  }

  private Step upload(Repository repository, Digest digest) {
    return Step.of(
        new Event.BlobUploaded(
            repository.name,
            digest,
            1,
            "default",
            "generated/" + digest.hex(),
            stored.add(digest),
            true));
  }

  private static byte[] image(Digest config, List<Digest> layers) {
    String listed =
        layers.stream()
            .map(
                """
                {"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":1}\
                """
                    ::formatted)
            .collect(Collectors.joining(","));
    return """
    {"schemaVersion":2,"mediaType":"%s",
    "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":1},
    "layers":[%s]}
    """
        .formatted(MediaTypes.OCI_IMAGE, config, listed)
        .getBytes(UTF_8);
  }

  private static Digest digest(String content) {
    return Digest.of(Digest.Algorithm.SHA256, content.getBytes(UTF_8));
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
