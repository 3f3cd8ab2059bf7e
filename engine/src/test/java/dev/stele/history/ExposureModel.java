package dev.stele.history;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.history.Exposed.How;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.EventEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Where digests were, found by looking through all events and all documents, again each time. */
final class ExposureModel {
  /**
   * A manifest, and what it is made of.
   *
   * @param container whether it is an image that can run
   */
  record Document(
      String mediaType,
      byte[] bytes,
      boolean container,
      Optional<Digest> config,
      List<Digest> layers,
      List<Digest> children,
      Optional<Digest> subject,
      Optional<String> base) {
    Digest digest() {
      return Sizes.digest(bytes);
    }

    static Document image(
        boolean container,
        Digest config,
        List<Digest> layers,
        Optional<Digest> subject,
        Optional<String> base) {
      TestManifest image =
          TestManifest.of(MediaTypes.OCI_IMAGE)
              .config(container ? TestManifest.CONFIG : "text/plain", config)
              .list("layers", TestManifest.LAYER, layers)
              .subject(subject);
      base.ifPresent(named -> image.annotation("org.opencontainers.image.base.digest", named));
      return new Document(
          image.mediaType(),
          image.bytes(),
          container,
          Optional.of(config),
          layers,
          List.of(),
          subject,
          base);
    }

    static Document index(Digest... children) {
      TestManifest index = TestManifest.index(children);
      return new Document(
          index.mediaType(),
          index.bytes(),
          false,
          Optional.empty(),
          List.of(),
          List.of(children),
          Optional.empty(),
          Optional.empty());
    }
  }

  private final List<Document> documents;
  private final List<EventEntry> events;

  /**
   * The model of what happened.
   *
   * @param documents all that may have been put
   * @param events of their repositories, in order
   */
  ExposureModel(List<Document> documents, List<EventEntry> events) {
    this.documents = documents;
    this.events = events;
  }

  private Stream<EventEntry> events(String type, Digest digest) {
    return events.stream()
        .filter(event -> event.type().equals(type))
        .filter(event -> text(event, "digest").equals(Optional.of(digest.toString())));
  }

  private static Optional<String> text(EventEntry event, String field) {
    return Optional.ofNullable(event.data().get(field)).map(JsonNode::asText);
  }

  private static RepositoryName repository(EventEntry event) {
    return RepositoryName.parse(event.repository().orElseThrow());
  }

  private boolean put(Document document) {
    return events("ManifestPut", document.digest()).findAny().isPresent();
  }

  /** What was put, in the order of digests. */
  private List<Document> put() {
    return documents.stream()
        .filter(this::put)
        .sorted(Comparator.comparing(Document::digest))
        .toList();
  }

  List<Exposed> manifests(Digest digest) {
    List<Exposed> found = new ArrayList<>();
    Optional<Document> itself =
        put().stream().filter(each -> each.digest().equals(digest)).findFirst();
    itself.ifPresent(each -> found.add(exposed(each, EnumSet.of(How.ITSELF), Optional.empty())));
    for (Document each : put()) {
      Set<How> how = how(each, digest, itself);
      if (how.isEmpty()) {
        continue;
      }
      found.add(exposed(each, how, Optional.empty()));
      if (!how.equals(EnumSet.of(How.SUBJECT))) {
        for (Document index : put()) {
          if (lists(index, each.digest())) {
            found.add(exposed(index, EnumSet.of(How.CHILD), Optional.of(each.digest())));
          }
        }
      }
    }
    return found;
  }

  private static Exposed exposed(Document document, Set<How> how, Optional<Digest> via) {
    return new Exposed(
        document.digest(), document.mediaType(), document.bytes().length, how, via, false);
  }

  private static Set<How> how(Document document, Digest digest, Optional<Document> itself) {
    Set<How> how = EnumSet.noneOf(How.class);
    if (document.config().equals(Optional.of(digest))) {
      how.add(How.CONFIG);
    }
    if (document.layers().contains(digest)) {
      how.add(How.LAYER);
    }
    if (document.children().contains(digest)) {
      how.add(How.CHILD);
    }
    if (document.subject().equals(Optional.of(digest))) {
      how.add(How.SUBJECT);
    }
    boolean built =
        itself.isPresent()
            && !itself.get().digest().equals(document.digest())
            && itself.get().container()
            && document.container()
            && !itself.get().layers().isEmpty()
            && document
                .layers()
                .toString()
                .replace("]", ", ")
                .startsWith(itself.get().layers().toString().replace("]", ", "));
    if (built || document.base().equals(Optional.of(digest.toString()))) {
      how.add(How.BASE);
    }
    return how;
  }

  private boolean lists(Document index, Digest digest) {
    return index.children().stream()
        .anyMatch(
            child ->
                child.equals(digest)
                    || put().stream()
                        .anyMatch(each -> each.digest().equals(child) && lists(each, digest)));
  }

  List<ExposedPlace> places(Digest digest) {
    return events("ManifestPut", digest)
        .filter(event -> event.data().get("added").asBoolean())
        .map(
            event -> {
              Optional<EventEntry> end =
                  Stream.concat(
                          events("ManifestDeleted", digest), events("ManifestCollected", digest))
                      .filter(other -> other.repository().equals(event.repository()))
                      .filter(other -> other.position() > event.position())
                      .min(Comparator.comparingLong(EventEntry::position));
              return new ExposedPlace(
                  repository(event),
                  since(event),
                  end.map(ExposureModel::since),
                  end.map(e -> e.type().equals("ManifestDeleted") ? "deleted" : "collected"));
            })
        .sorted(
            Comparator.comparing((ExposedPlace place) -> place.repository().value())
                .thenComparingLong(place -> place.from().position()))
        .toList();
  }

  private static Since since(EventEntry event) {
    return new Since(event.position(), event.recordedAt());
  }

  List<TagPeriod> tags(Digest digest) {
    return events("TagMoved", digest)
        .map(
            event -> {
              Optional<EventEntry> end =
                  events.stream()
                      .filter(other -> other.repository().equals(event.repository()))
                      .filter(other -> endsTag(other, event))
                      .filter(other -> other.position() > event.position())
                      .findFirst();
              return new TagPeriod(
                  repository(event),
                  Tag.parse(text(event, "tag").orElseThrow()),
                  digest,
                  since(event),
                  event.actor(),
                  end.map(ExposureModel::since),
                  end.flatMap(EventEntry::actor),
                  end.map(e -> e.type().equals("TagMoved") ? "moved" : "deleted"));
            })
        .sorted(
            Comparator.comparing((TagPeriod period) -> period.repository().value())
                .thenComparing(period -> period.tag().value())
                .thenComparingLong(period -> period.from().position()))
        .toList();
  }

  /** A manifest takes all its tags along; the events that say so of each may come later. */
  private static boolean endsTag(EventEntry event, EventEntry moved) {
    return event.type().equals("ManifestDeleted")
        ? text(event, "digest").equals(text(moved, "digest"))
        : (event.type().equals("TagMoved") || event.type().equals("TagDeleted"))
            && text(event, "tag").equals(text(moved, "tag"));
  }

  /** How often somebody pulled, as a text; of each actor, repository and tag. */
  Set<String> pulls(Digest digest) {
    List<EventEntry> pulls = events("PullsObserved", digest).toList();
    Set<String> told = new TreeSet<>();
    for (EventEntry one : pulls) {
      List<EventEntry> same =
          pulls.stream()
              .filter(other -> other.repository().equals(one.repository()))
              .filter(other -> other.actor().equals(one.actor()))
              .filter(other -> text(other, "tag").equals(text(one, "tag")))
              .toList();
      told.add(
          told(
              repository(one),
              text(one, "tag"),
              one.actor(),
              same.stream().mapToLong(e -> e.data().get("count").asLong()).sum(),
              same.stream().map(e -> time(e, "first")).min(Comparator.naturalOrder()).orElseThrow(),
              same.stream()
                  .map(e -> time(e, "last"))
                  .max(Comparator.naturalOrder())
                  .orElseThrow()));
    }
    return told;
  }

  private static Instant time(EventEntry event, String field) {
    return Instant.parse(text(event, field).orElseThrow());
  }

  static String told(
      RepositoryName repository,
      Optional<String> tag,
      Optional<String> actor,
      long count,
      Instant first,
      Instant last) {
    return repository + " " + tag + " " + actor + " " + count + " " + first + " " + last;
  }
}
