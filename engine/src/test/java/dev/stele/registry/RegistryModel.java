package dev.stele.registry;

import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a registry is, without a log, a database or a disk: plain maps. Each operation answers what
 * the registry must answer.
 */
final class RegistryModel {
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

    /** In whatever field. */
    List<Digest> listed() {
      return Stream.concat(blobs.stream(), children.stream()).toList();
    }
  }

  /** A stretch of a tag's history; {@code endedBy} as in the view, absent while it lasts. */
  record Period(Digest digest, Optional<String> endedBy) {}

  static final class Repository {
    final Set<Digest> links = new HashSet<>();
    final Map<Digest, Document> manifests = new TreeMap<>(BY_TEXT);
    final Map<Tag, Digest> tags = new TreeMap<>(Comparator.comparing(Tag::value));

    /** Newest first. */
    final Map<Tag, Deque<Period>> history = new HashMap<>();

    private List<Digest> users(Stream<Document> documents) {
      return documents.map(Document::digest).sorted(BY_TEXT).toList();
    }

    private void end(Tag tag, String how) {
      Deque<Period> periods = history.get(tag);
      periods.push(new Period(periods.pop().digest(), Optional.of(how)));
    }

    private void point(Tag tag, Digest digest) {
      Digest previous = tags.put(tag, digest);
      if (digest.equals(previous)) {
        return;
      }
      if (previous != null) {
        end(tag, "moved");
      }
      history
          .computeIfAbsent(tag, missing -> new ArrayDeque<>())
          .push(new Period(digest, Optional.empty()));
    }

    private void untag(Tag tag) {
      tags.remove(tag);
      end(tag, "deleted");
    }
  }

  final Map<RepositoryName, Repository> repositories =
      new TreeMap<>(Comparator.comparing(RepositoryName::value));

  private Repository created(RepositoryName name) {
    return repositories.computeIfAbsent(name, missing -> new Repository());
  }

  private <T> Outcome<T> unknown(RepositoryName name, Refusal unlessTheRepositoryIs) {
    return Outcome.refused(
        repositories.containsKey(name)
            ? unlessTheRepositoryIs
            : new Refusal.UnknownRepository(name));
  }

  Outcome<Digest> upload(RepositoryName name, Digest blob) {
    created(name).links.add(blob);
    return Outcome.ok(blob);
  }

  boolean mount(RepositoryName name, Digest blob, Optional<RepositoryName> from) {
    boolean readable =
        repositories.entrySet().stream()
            .filter(entry -> from.isEmpty() || from.get().equals(entry.getKey()))
            .anyMatch(entry -> entry.getValue().links.contains(blob));
    if (readable) {
      created(name).links.add(blob);
    }
    return readable;
  }

  Outcome<PutManifest> put(RepositoryName name, Document document, List<Tag> tags) {
    Repository now = repositories.getOrDefault(name, new Repository());
    List<Digest> missing =
        document.listed().stream()
            .filter(digest -> !now.links.contains(digest) && !now.manifests.containsKey(digest))
            .distinct()
            .toList();
    if (!missing.isEmpty()) {
      return Outcome.refused(new Refusal.MissingContent(missing));
    }
    Repository repository = created(name);
    repository.manifests.put(document.digest(), document);
    tags.forEach(tag -> repository.point(tag, document.digest()));
    return Outcome.ok(new PutManifest(document.digest(), document.subject(), tags));
  }

  Outcome<Digest> deleteTag(RepositoryName name, Tag tag) {
    Repository repository = repositories.getOrDefault(name, new Repository());
    Digest digest = repository.tags.get(tag);
    if (digest == null) {
      return unknown(name, new Refusal.UnknownManifest(name, tag));
    }
    repository.untag(tag);
    return Outcome.ok(digest);
  }

  Outcome<Digest> deleteManifest(RepositoryName name, Digest digest) {
    Repository repository = repositories.getOrDefault(name, new Repository());
    if (!repository.manifests.containsKey(digest)) {
      return unknown(name, new Refusal.UnknownManifest(name, new Reference.ByDigest(digest)));
    }
    List<Digest> indexes =
        repository.users(
            repository.manifests.values().stream().filter(each -> each.listed().contains(digest)));
    if (!indexes.isEmpty()) {
      return Outcome.refused(new Refusal.Referenced(digest, indexes));
    }
    repository.manifests.remove(digest);
    repository.tags.entrySet().stream()
        .filter(entry -> entry.getValue().equals(digest))
        .map(Map.Entry::getKey)
        .toList()
        .forEach(repository::untag);
    return Outcome.ok(digest);
  }

  Outcome<Digest> deleteBlob(RepositoryName name, Digest digest) {
    Repository repository = repositories.getOrDefault(name, new Repository());
    if (repository.manifests.containsKey(digest)) {
      return Outcome.refused(new Refusal.Referenced(digest, List.of(digest)));
    }
    if (!repository.links.contains(digest)) {
      return unknown(name, new Refusal.UnknownBlob(name, digest));
    }
    List<Digest> users =
        repository.users(
            repository.manifests.values().stream().filter(each -> each.listed().contains(digest)));
    if (!users.isEmpty()) {
      return Outcome.refused(new Refusal.Referenced(digest, users));
    }
    repository.links.remove(digest);
    return Outcome.ok(digest);
  }
}
