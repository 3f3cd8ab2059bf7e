package dev.stele.restore;

import dev.stele.history.History;
import dev.stele.history.PastManifest;
import dev.stele.history.PastTag;
import dev.stele.log.AsOf;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ManifestDocuments;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What belonged together in a repository at a moment: tags, the manifests that they kept
 * {@linkplain dev.stele.projection.Liveness alive}, and the blobs that those list. No table has the
 * edges of a past moment, so they are read from documents and from the history of manifests, and
 * walked downwards, since what is listed is restored first. Used by one thread.
 */
final class Closure {
  /** The most tags and manifests of one restore: they are in memory while it runs. */
  static final int MOST = 100_000;

  /**
   * The most different digests that these may list. Each takes about half a kilobyte until all is
   * planned, so that a quarter of the memory is enough.
   */
  static final int MOST_LISTED =
      Math.clamp(Runtime.getRuntime().maxMemory() >> 11, MOST / 2, 10 * MOST);

  /** How often each of these may be listed on average: that takes a few bytes. */
  private static final int MOST_SHARED = 10;

  private static final int PAGE = 1000;

  /**
   * A manifest with what it lists, by what that was then.
   *
   * @param children the manifests that it lists
   * @param blobs the rest
   */
  record Node(PastManifest manifest, List<Digest> children, List<Digest> blobs) {}

  /** What would take too much memory is not read to its end. */
  private static final class TooMuchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private TooMuchException() {
      super("more than is restored at once", null, false, false);
    }
  }

  private final History history;
  private final AsOf asOf;
  private final RepositoryName repository;
  private final Map<Tag, Digest> tags = new LinkedHashMap<>();
  private final Map<Digest, Node> nodes = new LinkedHashMap<>();
  private final Map<Digest, PastManifest> known = new HashMap<>();
  private final Map<Digest, Digest> listed = new HashMap<>();
  private final int mostListed;
  private long listings;
  private int manifests;
  private boolean allKnown;

  private Closure(History history, AsOf asOf, RepositoryName repository, int mostListed) {
    this.mostListed = mostListed;
    this.history = history;
    this.asOf = asOf;
    this.repository = repository;
  }

  /** What there was of a whole repository, a tag or a manifest. */
  static Outcome<Closure> of(
      History history, AsOf asOf, RepositoryName repository, Optional<Reference> what) {
    return of(history, asOf, repository, what, MOST_LISTED);
  }

  /**
   * @param mostListed the most different digests that the manifests may list
   */
  static Outcome<Closure> of(
      History history,
      AsOf asOf,
      RepositoryName repository,
      Optional<Reference> what,
      int mostListed) {
    Closure closure = new Closure(history, asOf, repository, mostListed);
    try {
      Optional<Refusal> refusal = what.isEmpty() ? closure.addAll() : closure.add(what.get());
      return refusal.<Outcome<Closure>>map(Outcome::refused).orElseGet(() -> Outcome.ok(closure));
    } catch (TooMuchException e) {
      return Outcome.refused(new Refusal.TooMuchToRestore(repository, MOST, mostListed));
    }
  }

  /** What the tags pointed to. */
  Map<Tag, Digest> tags() {
    return tags;
  }

  /** The manifests, each after those that it lists. */
  Map<Digest, Node> nodes() {
    return nodes;
  }

  private Optional<Refusal> add(Reference what) {
    return switch (what) {
      case Tag tag ->
          switch (history.tag(asOf, repository, tag)) {
            case Outcome.Refused<PastTag>(Refusal refusal) -> Optional.of(refusal);
            case Outcome.Ok<PastTag>(PastTag past) -> {
              tags.put(tag, past.digest());
              trace(past.digest());
              yield Optional.empty();
            }
          };
      case Reference.ByDigest(Digest digest) ->
          switch (history.manifest(asOf, repository, what)) {
            case Outcome.Refused<PastManifest>(Refusal refusal) -> Optional.of(refusal);
            case Outcome.Ok<PastManifest> _ -> {
              trace(digest);
              yield Optional.empty();
            }
          };
    };
  }

  private Optional<Refusal> addAll() {
    Optional<Digest> after = Optional.empty();
    Page<PastManifest> manifests;
    do {
      switch (history.manifests(asOf, repository, after, PAGE)) {
        case Outcome.Refused<Page<PastManifest>>(Refusal refusal) -> {
          return Optional.of(refusal);
        }
        case Outcome.Ok<Page<PastManifest>>(var page) -> manifests = page;
      }
      manifests.items().forEach(manifest -> known.put(manifest.digest(), manifest));
      if (known.size() > MOST) {
        throw new TooMuchException();
      }
      after = manifests.items().stream().reduce((_, last) -> last).map(PastManifest::digest);
    } while (manifests.more());
    allKnown = true;
    Optional<String> afterTag = Optional.empty();
    Page<PastTag> page;
    do {
      switch (history.tags(asOf, repository, afterTag, PAGE)) {
        case Outcome.Refused<Page<PastTag>>(Refusal refusal) -> {
          return Optional.of(refusal);
        }
        case Outcome.Ok<Page<PastTag>>(var found) -> page = found;
      }
      page.items().forEach(tag -> tags.put(tag.tag(), tag.digest()));
      if (tags.size() > MOST) {
        throw new TooMuchException();
      }
      afterTag = page.items().stream().reduce((_, last) -> last).map(tag -> tag.tag().value());
    } while (page.more());
    known.keySet().stream()
        .sorted(Comparator.comparing(Digest::toString))
        .forEach(
            digest -> {
              List<Digest> _ = visit(digest);
            });
    return Optional.empty();
  }

  /** Visits a manifest and all that it kept alive. */
  private void trace(Digest start) {
    Deque<Digest> subjects = new ArrayDeque<>();
    subjects.add(start);
    while (!subjects.isEmpty()) {
      visit(subjects.remove()).forEach(reached -> subjects.addAll(referrers(reached)));
    }
  }

  private Set<Digest> referrers(Digest subject) {
    Set<Digest> found = new LinkedHashSet<>();
    Optional<Digest> after = Optional.empty();
    Page<Descriptor> page;
    do {
      page = history.referrers(asOf, repository, subject, Optional.empty(), after, PAGE);
      page.items().forEach(referrer -> found.add(referrer.digest()));
      after = page.items().stream().reduce((_, last) -> last).map(Descriptor::digest);
    } while (page.more());
    return found;
  }

  /**
   * Adds a manifest after those that it lists, however deep. What was not there is left out.
   *
   * @return those that are new
   */
  private List<Digest> visit(Digest start) {
    List<Digest> added = new ArrayList<>();
    Map<Digest, Node> opened = new HashMap<>();
    Deque<Digest> stack = new ArrayDeque<>();
    stack.push(start);
    while (!stack.isEmpty()) {
      Digest digest = stack.peek();
      if (nodes.containsKey(digest)) {
        stack.pop();
      } else if (opened.containsKey(digest)) {
        nodes.put(stack.pop(), opened.get(digest));
        added.add(digest);
      } else {
        Optional<Node> node = node(digest);
        if (node.isEmpty()) {
          stack.pop();
        } else {
          opened.put(digest, node.get());
          node.get().children().stream()
              .filter(child -> !opened.containsKey(child))
              .forEach(stack::push);
        }
      }
    }
    return added;
  }

  private Optional<Node> node(Digest digest) {
    Optional<PastManifest> past =
        Optional.ofNullable(known.get(digest))
            .or(
                () ->
                    switch (history.manifest(asOf, repository, new Reference.ByDigest(digest))) {
                      case Outcome.Ok<PastManifest>(PastManifest found) -> Optional.of(found);
                      case Outcome.Refused<PastManifest> _ -> Optional.empty();
                    });
    return past.map(
        found -> {
          Digest listing = found.digest();
          List<Digest> references =
              ManifestDocuments.read(listing, history.document(listing).orElseThrow())
                  .references()
                  .stream()
                  .map(each -> listed.computeIfAbsent(each, Function.identity()))
                  .toList();
          count(references);
          Set<Digest> wereManifests =
              allKnown ? known.keySet() : history.manifests(asOf, repository, references);
          return new Node(
              found,
              references.stream().filter(wereManifests::contains).toList(),
              references.stream().filter(each -> !wereManifests.contains(each)).toList());
        });
  }

  private void count(List<Digest> references) {
    manifests++;
    listings += references.size();
    if (manifests > MOST
        || listed.size() > mostListed
        || listings > (long) MOST_SHARED * mostListed) {
      throw new TooMuchException();
    }
  }
}
