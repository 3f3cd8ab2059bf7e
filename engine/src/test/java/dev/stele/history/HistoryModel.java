package dev.stele.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.registry.EventEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a history is, without a log or a database: plain maps, of which every state is kept. Each
 * operation makes the states that its events must bring about, in their order; only what the
 * collector takes, and when, and in which order things are restored, is taken from the events.
 */
final class HistoryModel {
  private static final Comparator<Digest> BY_TEXT = Comparator.comparing(Digest::toString);

  /** A manifest and what it refers to. */
  record Document(
      String mediaType,
      byte[] bytes,
      List<Digest> blobs,
      List<Digest> children,
      Optional<Digest> subject) {
    Digest digest() {
      return Sizes.digest(bytes);
    }
  }

  /** A repository at a moment. */
  record Repository(Map<Tag, Digest> tags, Map<Digest, Document> manifests, Set<Digest> links) {
    Repository() {
      this(
          new TreeMap<>(Comparator.comparing(Tag::value)), new TreeMap<>(BY_TEXT), new HashSet<>());
    }

    Repository copy() {
      Repository copy = new Repository();
      copy.tags.putAll(tags);
      copy.manifests.putAll(manifests);
      copy.links.addAll(links);
      return copy;
    }

    List<Digest> referrers(Digest subject) {
      return manifests.values().stream()
          .filter(document -> document.subject().equals(Optional.of(subject)))
          .map(Document::digest)
          .sorted(BY_TEXT)
          .toList();
    }
  }

  /** All repositories at a moment. */
  record State(Map<RepositoryName, Repository> repositories) {
    State() {
      this(new TreeMap<>());
    }

    private State copy() {
      State copy = new State();
      repositories.forEach((name, repository) -> copy.repositories.put(name, repository.copy()));
      return copy;
    }
  }

  /** The state after the event at index + {@link #first}. */
  final List<State> states = new ArrayList<>();

  final long first;
  final Set<Digest> stored = new HashSet<>();
  private final List<Document> documents;
  private State now = new State();

  /**
   * @param first the position of the first event that this model sees
   */
  HistoryModel(long first, List<Document> documents) {
    this.first = first;
    this.documents = documents;
  }

  State at(long position) {
    return position < first ? new State() : states.get((int) (position - first));
  }

  long newest() {
    return first + states.size() - 1;
  }

  private void happened() {
    states.add(now.copy());
  }

  private Repository created(RepositoryName name) {
    Repository present = now.repositories.get(name);
    if (present == null) {
      present = new Repository();
      now.repositories.put(name, present);
      happened();
    }
    return present;
  }

  void upload(RepositoryName name, Digest blob) {
    created(name).links.add(blob);
    stored.add(blob);
    happened();
  }

  /** Whether it is accepted. */
  boolean put(RepositoryName name, Document document, Tag tag) {
    Repository present = now.repositories.getOrDefault(name, new Repository());
    if (!present.links.containsAll(document.blobs())
        || !present.manifests.keySet().containsAll(document.children())) {
      return false;
    }
    Repository repository = created(name);
    repository.manifests.put(document.digest(), document);
    happened();
    if (!document.digest().equals(repository.tags.put(tag, document.digest()))) {
      happened();
    }
    return true;
  }

  boolean deleteTag(RepositoryName name, Tag tag) {
    Repository repository = now.repositories.get(name);
    if (repository == null || repository.tags.remove(tag) == null) {
      return false;
    }
    happened();
    return true;
  }

  boolean deleteManifest(RepositoryName name, Digest digest) {
    Repository repository = now.repositories.get(name);
    if (repository == null
        || !repository.manifests.containsKey(digest)
        || repository.manifests.values().stream()
            .anyMatch(document -> document.children().contains(digest))) {
      return false;
    }
    long tags = repository.tags.values().stream().filter(digest::equals).count();
    repository.tags.values().removeIf(digest::equals);
    repository.manifests.remove(digest);
    happened();
    // The events of its tags say nothing new.
    for (long tag = 0; tag < tags; tag++) {
      happened();
    }
    return true;
  }

  /** An event of the collector, which may concern others' content. */
  void collected(EventEntry event) {
    Optional<Digest> digest =
        Optional.ofNullable(event.data().get("digest")).map(text -> Digest.parse(text.asText()));
    Optional<Repository> repository =
        event.repository().map(RepositoryName::parse).map(now.repositories::get);
    switch (event.type()) {
      case "ManifestCollected" ->
          repository.ifPresent(there -> there.manifests.remove(digest.orElseThrow()));
      case "BlobUnlinked" ->
          repository.ifPresent(there -> there.links.remove(digest.orElseThrow()));
      case "BlobSwept" -> stored.remove(digest.orElseThrow());
      case "RepositoryRemoved" ->
          now.repositories.remove(RepositoryName.parse(event.repository().orElseThrow()));
      default -> throw new AssertionError("the collector does not do " + event);
    }
    happened();
  }

  /** A manifest, what it listed and what referred to it, and so on, of what a repository had. */
  static Set<Digest> closure(Repository then, Digest start) {
    Set<Digest> closure = new LinkedHashSet<>();
    Deque<Digest> left = new ArrayDeque<>(List.of(start));
    while (!left.isEmpty()) {
      Digest digest = left.remove();
      if (then.manifests.containsKey(digest) && closure.add(digest)) {
        left.addAll(then.manifests.get(digest).children());
        left.addAll(then.referrers(digest));
      }
    }
    return closure;
  }

  /** Whether all bytes of what a repository had are in the store. */
  boolean available(Repository then, Set<Digest> manifests) {
    return manifests.stream()
        .flatMap(digest -> then.manifests.get(digest).blobs().stream())
        .filter(then.links::contains)
        .allMatch(stored::contains);
  }

  /** What a restore must bring about; the order of its events is taken from these. */
  void restored(RepositoryName name, Repository then, Set<Digest> closure, EventEntry event) {
    Repository repository = now.repositories.get(name);
    switch (event.type()) {
      case "RepositoryCreated" -> now.repositories.put(name, new Repository());
      case "BlobMounted" -> {
        Digest digest = Digest.parse(event.data().get("digest").asText());
        assertThat(then.links).contains(digest);
        assertThat(repository.links.add(digest)).isTrue();
      }
      case "ManifestPut" -> {
        Digest digest = Digest.parse(event.data().get("digest").asText());
        assertThat(closure).contains(digest);
        assertThat(repository.manifests.put(digest, then.manifests.get(digest))).isNull();
      }
      case "TagRestored" -> {
        Tag tag = Tag.parse(event.data().get("tag").asText());
        repository.tags.put(tag, then.tags.get(tag));
      }
      default -> throw new AssertionError("a restore does not do " + event);
    }
    happened();
  }

  /** The positions as of which a tag pointed to what it does not point to now. */
  List<Long> otherwise(RepositoryName name, Tag tag) {
    Optional<Digest> now = present(name).map(repository -> repository.tags.get(tag));
    List<Long> positions = new ArrayList<>();
    for (long position = first; position <= newest(); position++) {
      Repository then = at(position).repositories.get(name);
      if (then != null
          && then.tags.containsKey(tag)
          && !Optional.of(then.tags.get(tag)).equals(now)) {
        positions.add(position);
      }
    }
    return positions;
  }

  /** The present state of a repository, if it is there. */
  Optional<Repository> present(RepositoryName name) {
    return Optional.ofNullable(now.repositories.get(name));
  }

  List<Document> documents() {
    return documents;
  }
}
