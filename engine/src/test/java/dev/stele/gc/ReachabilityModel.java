package dev.stele.gc;

import dev.stele.event.Event;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Reachability as plain maps: a full trace of everything after each event, and what is new in its
 * result is unreachable since that event.
 */
final class ReachabilityModel {
  /** What a manifest of the test refers to. */
  record Node(
      Digest digest,
      byte[] bytes,
      String mediaType,
      Optional<Digest> subject,
      List<Digest> lists) {}

  /** A row of the view. */
  record Row(String repository, String digest, String kind) {}

  static final class Repository {
    final Set<Digest> manifests = new HashSet<>();
    final Set<Digest> blobs = new HashSet<>();
    final Map<Tag, Digest> tags = new HashMap<>();

    boolean empty() {
      return manifests.isEmpty() && blobs.isEmpty();
    }
  }

  final Map<RepositoryName, Repository> repositories = new HashMap<>();
  final Map<Digest, Node> nodes;
  final Set<Digest> stored = new HashSet<>();
  final Map<UUID, Event.HoldPlaced> holds = new LinkedHashMap<>();
  private final Set<Digest> put = new HashSet<>();
  RetentionPolicy policy = RetentionPolicy.NONE;
  private Map<Row, Long> unreachable = new HashMap<>();
  private Map<Digest, Long> unlinked = new HashMap<>();

  ReachabilityModel(Map<Digest, Node> nodes) {
    this.nodes = nodes;
  }

  Map<Row, Long> unreachable() {
    return unreachable;
  }

  Map<Digest, Long> unlinked() {
    return unlinked;
  }

  void apply(long position, Event event) {
    change(event);
    Map<Row, Long> before = unreachable;
    unreachable = new HashMap<>();
    for (Map.Entry<RepositoryName, Repository> each : repositories.entrySet()) {
      for (Row row : trace(each.getKey(), each.getValue())) {
        unreachable.put(row, before.getOrDefault(row, position));
      }
    }
    Map<Digest, Long> unlinkedBefore = unlinked;
    unlinked = new HashMap<>();
    for (Digest digest : stored) {
      if (repositories.values().stream().noneMatch(r -> r.blobs.contains(digest))) {
        unlinked.put(digest, unlinkedBefore.getOrDefault(digest, position));
      }
    }
  }

  private void change(Event event) {
    switch (event) {
      case Event.RepositoryCreated created ->
          repositories.put(created.repository(), new Repository());
      case Event.RepositoryRemoved removed -> repositories.remove(removed.repository());
      case Event.BlobUploaded uploaded -> {
        stored.add(uploaded.digest());
        repositories.get(uploaded.repository()).blobs.add(uploaded.digest());
      }
      case Event.BlobMounted mounted ->
          repositories.get(mounted.repository()).blobs.add(mounted.digest());
      case Event.BlobDeleted deleted ->
          repositories.get(deleted.repository()).blobs.remove(deleted.digest());
      case Event.BlobUnlinked unlink ->
          repositories.get(unlink.repository()).blobs.remove(unlink.digest());
      case Event.BlobSwept swept -> stored.remove(swept.digest());
      case Event.ManifestPut put -> {
        this.put.add(put.digest());
        repositories.get(put.repository()).manifests.add(put.digest());
      }
      case Event.ManifestDeleted deleted -> {
        repositories.get(deleted.repository()).manifests.remove(deleted.digest());
        repositories
            .get(deleted.repository())
            .tags
            .values()
            .removeIf(target -> target.equals(deleted.digest()));
      }
      case Event.ManifestCollected collected ->
          repositories.get(collected.repository()).manifests.remove(collected.digest());
      case Event.TagMoved moved ->
          repositories.get(moved.repository()).tags.put(moved.tag(), moved.digest());
      case Event.TagDeleted deleted ->
          repositories.get(deleted.repository()).tags.remove(deleted.tag());
      case Event.TagRestored restored ->
          repositories.get(restored.repository()).tags.put(restored.tag(), restored.digest());
      case Event.HoldPlaced placed -> holds.put(placed.hold(), placed);
      case Event.HoldReleased released -> holds.remove(released.hold());
      case Event.RetentionEvent _,
          Event.BlobRepaired _,
          Event.OrphanSwept _,
          Event.BlobCorruptionFound _,
          Event.BlobFoundIntact _,
          Event.PullEvent _,
          Event.AccountEvent _,
          Event.OperatorEvent _ -> {}
    }
  }

  /** Whether a hold covers a digest itself; a held tag is a tag, and so no case of its own. */
  boolean held(RepositoryName name, Digest digest) {
    return holds.values().stream()
        .filter(hold -> hold.tag().isEmpty() && hold.digest().map(digest::equals).orElse(true))
        .anyMatch(hold -> concerns(hold, name));
  }

  static boolean concerns(Event.HoldPlaced hold, RepositoryName name) {
    return hold.repository()
        .map(name::equals)
        .orElseGet(() -> RepositoryGlob.parse(hold.repositories().orElseThrow()).matches(name));
  }

  /** Whose bytes holds of digests keep: all that manifests of the test refer to, present or not. */
  Set<Digest> heldContent() {
    Deque<Digest> next = new ArrayDeque<>();
    holds.values().forEach(hold -> hold.digest().ifPresent(next::add));
    Set<Digest> kept = new HashSet<>();
    while (!next.isEmpty()) {
      Digest digest = next.remove();
      if (kept.add(digest) && put.contains(digest)) {
        next.addAll(nodes.get(digest).lists());
      }
    }
    return kept;
  }

  private Set<Row> trace(RepositoryName name, Repository repository) {
    Optional<RetentionPolicy.Rules> rules = policy.of(name);
    boolean deleteUntagged = rules.map(RetentionPolicy.Rules::deleteUntagged).orElse(false);
    boolean deleteReferrers = rules.map(RetentionPolicy.Rules::deleteReferrers).orElse(false);
    Set<Digest> reached = new HashSet<>();
    Deque<Digest> next = new ArrayDeque<>();
    for (Digest manifest : repository.manifests) {
      boolean kept = nodes.get(manifest).subject().isPresent() ? !deleteReferrers : !deleteUntagged;
      if (kept || held(name, manifest) || repository.tags.containsValue(manifest)) {
        next.add(manifest);
      }
    }
    while (!next.isEmpty()) {
      Digest digest = next.remove();
      if (repository.manifests.contains(digest) && reached.add(digest)) {
        next.addAll(nodes.get(digest).lists());
        for (Digest other : repository.manifests) {
          if (nodes.get(other).subject().equals(Optional.of(digest))) {
            next.add(other);
          }
        }
      }
    }
    Set<Digest> listed = new HashSet<>();
    reached.forEach(digest -> listed.addAll(nodes.get(digest).lists()));
    Set<Row> rows = new HashSet<>();
    for (Digest manifest : repository.manifests) {
      if (!reached.contains(manifest)) {
        rows.add(new Row(name.value(), manifest.toString(), "manifest"));
      }
    }
    for (Digest blob : repository.blobs) {
      if (!listed.contains(blob) && !held(name, blob)) {
        rows.add(new Row(name.value(), blob.toString(), "blob"));
      }
    }
    if (repository.empty()) {
      rows.add(new Row(name.value(), "", "repository"));
    }
    return rows;
  }
}
