package dev.stele.restore;

import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.BlobView;
import dev.stele.projection.ManifestView;
import dev.stele.projection.TagView;
import dev.stele.registry.Archive;
import dev.stele.registry.BlobFacts;
import dev.stele.registry.Outcome;
import dev.stele.registry.Protection;
import dev.stele.registry.Refusal;
import dev.stele.restore.RestoreItem.Obstacle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is missing now of what belonged together then, and what of that can come back. Used by one
 * thread.
 */
final class Plan {
  private final AsOf asOf;
  private final Closure closure;
  private final List<Digest> blobs = new ArrayList<>();
  private final List<Closure.Node> manifests = new ArrayList<>();
  private final Map<Tag, Digest> tags = new LinkedHashMap<>();
  private final List<RestoreItem> items = new ArrayList<>();
  private final Set<Digest> absentThen = new HashSet<>();

  private Plan(AsOf asOf, Closure closure) {
    this.asOf = asOf;
    this.closure = closure;
  }

  /** What there is now. */
  private record Present(Set<Digest> manifests, Set<Digest> links, Map<Tag, Digest> tags) {}

  /**
   * Compares with the present. The stores are asked for each blob that is to come back.
   *
   * @throws IOException if a store fails
   */
  static Plan of(
      Archive archive,
      Protection protection,
      History history,
      AsOf asOf,
      RepositoryName repository,
      Closure closure)
      throws IOException {
    Plan plan = new Plan(asOf, closure);
    Set<Digest> wanted = new LinkedHashSet<>();
    closure.nodes().values().forEach(node -> wanted.addAll(node.blobs()));
    Set<Digest> manifests = new LinkedHashSet<>(closure.nodes().keySet());
    manifests.addAll(wanted); // What was a blob then may be a manifest now.
    Present present =
        archive.read(
            handle ->
                new Present(
                    ManifestView.present(handle, repository, manifests),
                    BlobView.linked(handle, repository, wanted),
                    TagView.targets(handle, repository, closure.tags().keySet())));
    Map<Digest, Obstacle> obstacles = new HashMap<>();
    Set<Digest> comes = new LinkedHashSet<>();
    wanted.removeIf(blob -> present.links().contains(blob) || present.manifests().contains(blob));
    Set<Digest> there = history.blobs(asOf, repository, wanted);
    for (Digest blob : wanted) {
      if (!there.contains(blob)) {
        plan.absentThen.add(blob);
        continue;
      }
      switch (history.blobFacts(asOf, repository, blob)) {
        case Outcome.Ok<BlobFacts> _ -> comes.add(blob);
        case Outcome.Refused<BlobFacts>(Refusal.BlobGone gone) ->
            obstacles.put(blob, new Obstacle.Gone(gone));
        case Outcome.Refused<BlobFacts> _ -> plan.absentThen.add(blob);
      }
    }
    plan.planManifests(present, obstacles, comes);
    plan.planTags(archive, protection, repository, present, obstacles);
    return plan;
  }

  private void planManifests(Present present, Map<Digest, Obstacle> obstacles, Set<Digest> comes) {
    List<RestoreItem> manifestItems = new ArrayList<>();
    Set<Digest> used = new HashSet<>();
    for (Closure.Node node : closure.nodes().values()) {
      Digest digest = node.manifest().digest();
      if (present.manifests().contains(digest)) {
        // What it lacks it lacks already, such as damaged bytes; nothing is made worse by a tag.
        node.blobs().stream().filter(comes::contains).forEach(used::add);
        continue;
      }
      Optional<Obstacle> lacks =
          Stream.concat(node.blobs().stream(), node.children().stream())
              .filter(obstacles::containsKey)
              .findFirst()
              .map(Obstacle.Lacks::new);
      manifestItems.add(RestoreItem.manifest(digest, lacks));
      if (lacks.isPresent()) {
        obstacles.put(digest, lacks.get());
      } else {
        manifests.add(node);
        node.blobs().stream().filter(comes::contains).forEach(used::add);
      }
    }
    comes.stream().filter(used::contains).forEach(blobs::add);
    blobs.forEach(blob -> items.add(RestoreItem.blob(blob, Optional.empty())));
    obstacles.forEach(
        (digest, obstacle) -> {
          if (obstacle instanceof Obstacle.Gone) {
            items.add(RestoreItem.blob(digest, Optional.of(obstacle)));
          }
        });
    items.addAll(manifestItems);
  }

  private void planTags(
      Archive archive,
      Protection protection,
      RepositoryName repository,
      Present present,
      Map<Digest, Obstacle> obstacles) {
    closure
        .tags()
        .forEach(
            (tag, digest) -> {
              Optional<Digest> previous = Optional.ofNullable(present.tags().get(tag));
              if (previous.equals(Optional.of(digest))) {
                return;
              }
              Optional<Obstacle> obstacle =
                  obstacles.containsKey(digest)
                      ? Optional.of(new Obstacle.Lacks(digest))
                      : previous
                          .flatMap(now -> forbidden(archive, protection, repository, tag, now))
                          .map(Obstacle.Forbidden::new);
              items.add(
                  new RestoreItem(
                      RestoreItem.Kind.TAG, Optional.of(tag), digest, previous, obstacle));
              if (obstacle.isEmpty()) {
                tags.put(tag, digest);
              }
            });
  }

  private static Optional<Refusal> forbidden(
      Archive archive, Protection protection, RepositoryName repository, Tag tag, Digest now) {
    return archive.read(handle -> protection.againstMoving(handle, repository, Map.of(tag, now)));
  }

  AsOf asOf() {
    return asOf;
  }

  /** What is missing, possible or not. */
  List<RestoreItem> items() {
    return items;
  }

  /** Whether all of it can come back. */
  boolean complete() {
    return items.stream().allMatch(RestoreItem::possible);
  }

  /** What manifests list and the repository did not have then either. */
  Set<Digest> absentThen() {
    return absentThen;
  }

  /** The blobs that can come back. */
  List<Digest> blobs() {
    return blobs;
  }

  /** The manifests that can come back, each after those that it lists. */
  List<Closure.Node> manifests() {
    return manifests;
  }

  /** The tags that can come back. */
  Map<Tag, Digest> tags() {
    return tags;
  }
}
