package dev.stele.retention;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import dev.stele.oci.Digest;
import dev.stele.oci.DigestBeginning;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.ExposureView;
import dev.stele.projection.Hold;
import dev.stele.projection.HoldView;
import dev.stele.sql.Deadline;
import dev.stele.sql.Values;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * The facts of a repository as of any position, by replaying its events one by one. Memory is in
 * proportion to its tags, those that went included, to its manifests, and to what was pulled from
 * it. Not thread-safe; once nothing is applied any more, it may be read by many.
 */
final class ReplayedFacts implements RepositoryFacts {
  private static final int PAGE = 1000;
  private static final String MANIFEST_DELETED = "a client deleted its manifest";

  /** Whose removals count. */
  enum Removals {
    /** Those on record. */
    RECORDED,
    /** Clients' alone; what retention removed stays until {@link #expire} takes it. */
    CLIENTS
  }

  private record Put(Digest digest, Occurrence at) {}

  /** An evaluation on record: what it saw and when, and the position of its event. */
  private record Evaluated(Occurrence at, long position) {}

  private final Removals removals;
  private final List<Hold> everyHold;
  private final SortedMap<Tag, Put> tags = new TreeMap<>();
  private final Map<Tag, Fate.Removed> removed = new HashMap<>();
  private final LastPulls pulls;
  private final Handle handle;

  /** Those that are there, with their subjects. */
  private final NavigableMap<Digest, Optional<Digest>> manifests = new TreeMap<>();

  private long position;
  private Optional<Evaluated> lastEvaluation = Optional.empty();

  private ReplayedFacts(
      Handle handle, Removals removals, List<Hold> everyHold, LastPulls pulls, long position) {
    this.handle = handle;
    this.removals = removals;
    this.everyHold = everyHold;
    this.pulls = pulls;
    this.position = position;
  }

  /**
   * Replays a repository's events. Takes time in proportion to those.
   *
   * @param position below which they are
   */
  ReplayedFacts(Handle handle, LogReader reader, RepositoryName repository, long position) {
    this(
        handle,
        Removals.RECORDED,
        HoldView.concerning(handle, repository),
        new LastPulls(),
        position);
    forEach(handle, reader, repository, 0, position, this::apply);
    this.position = position;
  }

  /** Hands over a repository's events from a position on and below another. */
  static void forEach(
      Handle handle,
      LogReader reader,
      RepositoryName repository,
      long from,
      long end,
      Consumer<RecordedEvent> consumer) {
    long next = from;
    while (next < end) {
      List<RecordedEvent> page = reader.events(handle, next, PAGE, repository, Optional.empty());
      if (page.isEmpty()) {
        return;
      }
      page.stream().filter(event -> event.position() < end).forEach(consumer);
      next = page.getLast().position() + 1;
    }
  }

  /**
   * The same facts, which go on by themselves. Pulls are shared: they happened either way, so each
   * event is to be applied to all copies before any of them is read.
   */
  ReplayedFacts copy(Removals counting) {
    ReplayedFacts copy = new ReplayedFacts(handle, counting, everyHold, pulls, position);
    copy.tags.putAll(tags);
    copy.manifests.putAll(manifests);
    copy.lastEvaluation = lastEvaluation;
    return copy;
  }

  void apply(RecordedEvent recorded) {
    position = recorded.position() + 1;
    Occurrence moment = new Occurrence(recorded.position(), recorded.recordedAt());
    switch (recorded.event()) {
      case Event.TagPointed pointed -> put(pointed.tag(), pointed.digest(), moment);
      case Event.TagDeleted deleted -> remove(deleted, recorded.cause(), moment);
      case Event.ManifestPut put -> {
        manifests.put(put.digest(), put.subject());
        put.tags().forEach(tag -> putAgain(tag, put.digest(), moment));
      }
      case Event.ManifestCollected collected -> {
        if (removals == Removals.RECORDED) {
          manifests.remove(collected.digest());
        }
      }
      case Event.ManifestDeleted deleted -> {
        manifests.remove(deleted.digest());
        // On record an event of its own follows for each of its tags. Here there may be more.
        List.copyOf(tags.entrySet()).stream()
            .filter(entry -> entry.getValue().digest().equals(deleted.digest()))
            .forEach(
                entry ->
                    remove(
                        entry.getKey(),
                        new Fate.Removed(
                            deleted.digest(),
                            moment,
                            Optional.empty(),
                            MANIFEST_DELETED,
                            Optional.of(moment))));
      }
      case Event.PullsObserved observed -> pulls.add(recorded, observed);
      case Event.RetentionEvaluated evaluated ->
          lastEvaluation =
              Optional.of(
                  new Evaluated(
                      new Occurrence(evaluated.inputPosition(), evaluated.evaluatedAt()),
                      recorded.position()));
      case Event.BlobPullsObserved _,
          Event.RepositoryEvent _,
          Event.BlobEvent _,
          Event.ObjectEvent _,
          Event.HoldEvent _,
          Event.RetentionPolicyAdopted _,
          Event.AccountEvent _,
          Event.OperatorEvent _ -> {}
    }
  }

  private void put(Tag tag, Digest digest, Occurrence moment) {
    tags.put(tag, new Put(digest, moment));
    removed.remove(tag);
  }

  /** An event of its own says so of a tag that moves, unless it is gone here alone. */
  private void putAgain(Tag tag, Digest digest, Occurrence moment) {
    Put old = tags.get(tag);
    if (old == null ? removals == Removals.CLIENTS : old.digest().equals(digest)) {
      put(tag, digest, moment);
    }
  }

  private void remove(Event.TagDeleted deleted, Cause cause, Occurrence moment) {
    boolean retention = cause.kind() == Cause.Kind.RETENTION;
    if (retention && removals == Removals.CLIENTS) {
      return;
    }
    Optional<Evaluated> evaluation = lastEvaluation.filter(_ -> retention);
    remove(
        deleted.tag(),
        new Fate.Removed(
            deleted.digest(),
            evaluation.map(Evaluated::at).orElse(moment),
            evaluation.map(Evaluated::position),
            why(cause),
            Optional.of(moment)));
  }

  private static String why(Cause cause) {
    return switch (cause.kind()) {
      case RETENTION -> cause.detail().orElse("retention");
      case DIGEST_DELETE -> MANIFEST_DELETED;
      case CLIENT_REQUEST, COLLECTOR, OBSERVATION, CONFIGURATION, RESTORE -> "a client deleted it";
    };
  }

  private void remove(Tag tag, Fate.Removed fate) {
    if (tags.remove(tag) != null) {
      removed.put(tag, fate);
    }
  }

  /** Evaluates rules as of a moment and removes what they do not keep. */
  void expire(RetentionPolicy.Rules rules, Occurrence evaluation) {
    Instant at = evaluation.at();
    List<TagDecision> expired = new ArrayList<>();
    new Evaluation(rules, heldAsOf(evaluation), at)
        .decide(
            decision -> {
              if (!decision.verdict().keeps()) {
                expired.add(decision);
              }
            });
    for (TagDecision decision : expired) {
      remove(
          decision.tag(),
          new Fate.Removed(
              decision.digest(),
              new Occurrence(position, at),
              Optional.empty(),
              decision.verdict().reason(),
              Optional.empty()));
    }
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public List<Hold> holds() {
    return everyHold.stream().filter(hold -> hold.activeBelow(position)).toList();
  }

  /** What lists what follows from documents, which a view that follows the log has read. */
  @Override
  public Map<String, Image> images(Collection<String> beginnings) {
    Map<String, Image> images = new HashMap<>();
    Set<Digest> found = new HashSet<>();
    for (String beginning : beginnings) {
      DigestBeginning wanted = DigestBeginning.parse(beginning);
      Digest digest = manifests.ceilingKey(wanted.first());
      if (digest != null && wanted.matches(digest)) {
        found.add(digest);
        Set<Digest> keepers = new HashSet<>();
        manifests.get(digest).filter(manifests::containsKey).ifPresent(keepers::add);
        images.put(beginning, new Image(manifests.get(digest).isPresent(), keepers));
      }
    }
    handle
        .createQuery(
            """
            SELECT digest, manifest FROM exposure_reference
            WHERE digest = ANY (:digests) AND %s
            """
                .formatted(ExposureView.LISTS))
        .bind("digests", Values.digests(found))
        .map((row, _) -> Map.entry(Values.digest(row, "digest"), Values.digest(row, "manifest")))
        .filter(edge -> manifests.containsKey(edge.getValue()))
        .forEach(
            edge -> images.get(ImageOfTag.beginning(edge.getKey())).keepers().add(edge.getValue()));
    return images;
  }

  @Override
  public void forEachTag(Consumer<TagFacts> consumer) {
    tags.forEach(
        (tag, put) -> {
          Deadline.check();
          consumer.accept(facts(tag, put));
        });
  }

  /** A tag, if it is there. */
  Optional<TagFacts> find(Tag tag) {
    return Optional.ofNullable(tags.get(tag)).map(put -> facts(tag, put));
  }

  private TagFacts facts(Tag tag, Put put) {
    return new TagFacts(
        tag, put.digest(), put.at(), pulls.last(tag, put.digest(), Optional.empty()));
  }

  /** These facts with the holds of a moment: most holds are no events of the repository. */
  private RepositoryFacts heldAsOf(Occurrence evaluation) {
    return new RepositoryFacts() {
      @Override
      public long position() {
        return position;
      }

      @Override
      public void forEachTag(Consumer<TagFacts> consumer) {
        ReplayedFacts.this.forEachTag(consumer);
      }

      @Override
      public Map<String, Image> images(Collection<String> beginnings) {
        return ReplayedFacts.this.images(beginnings);
      }

      @Override
      public List<Hold> holds() {
        return everyHold.stream()
            .filter(hold -> hold.activeBelow(evaluation.position()))
            .filter(hold -> hold.activeAt(evaluation.at()))
            .toList();
      }
    };
  }

  /** Every tag that is there, or was and went, in byte order. */
  SortedSet<Tag> everyTag() {
    SortedSet<Tag> every = new TreeSet<>(tags.keySet());
    every.addAll(removed.keySet());
    return every;
  }

  /** What became of a tag; empty if it never was there since these facts began. */
  Optional<Fate> fate(Tag tag) {
    Put put = tags.get(tag);
    return put == null
        ? Optional.ofNullable(removed.get(tag))
        : Optional.of(new Fate.Kept(put.digest(), put.at()));
  }
}
