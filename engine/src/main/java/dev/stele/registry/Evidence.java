package dev.stele.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Initiator;
import dev.stele.event.Opening;
import dev.stele.evidence.EvidenceBundle;
import dev.stele.evidence.EvidenceLeaves;
import dev.stele.evidence.EvidenceQuestion;
import dev.stele.evidence.EvidenceQuestion.About;
import dev.stele.log.Command;
import dev.stele.log.LogReader;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.Tree;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.TileView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/**
 * Answers that can be checked without this registry. Giving evidence is an event itself: it ends
 * the chain of what is asked about. Methods throw {@link RegistryUnavailableException} when the
 * database is away. Thread-safe.
 */
public final class Evidence {
  /** The most events that one piece of evidence has. */
  public static final int MOST_EVENTS = 100_000;

  private static final int PAGE = 500;

  /** How long the log may take to be signed: it is within seconds, where a node leads. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** And how long witnesses may: what they have not cosigned by then goes without. */
  private static final Duration WITNESSES = Duration.ofSeconds(10);

  private final Jdbi jdbi;
  private final Actors actors;
  private final Commands commands;
  private final EventLog log;
  private final LogReader reader;
  private final EventCodec codec;
  private final Archive archive;
  private final SignedLog signedLog;

  Evidence(
      Jdbi jdbi,
      Actors actors,
      Commands commands,
      EventLog log,
      LogReader reader,
      EventCodec codec,
      Archive archive,
      SignedLog signedLog) {
    this.jdbi = jdbi;
    this.actors = actors;
    this.commands = commands;
    this.log = log;
    this.reader = reader;
    this.codec = codec;
    this.archive = archive;
    this.signedLog = signedLog;
  }

  /** Records that evidence is given; the result is the position. */
  private record Issue(Initiator initiator, Event.EvidenceIssued event) implements Command<Long> {
    @Override
    public void needs(Needs needs) {
      event.repository().ifPresent(needs::repository);
    }

    @Override
    public Long decide(Decision decision) {
      return decision.append(event);
    }
  }

  /**
   * Evidence that was given.
   *
   * @param position of the event that says so
   */
  public record Given(EvidenceQuestion question, long position, SignedNote checkpoint) {}

  /**
   * Gives evidence: appends the event that says so, and waits until the log is signed with it.
   *
   * @return refused if there is nothing on record of what is asked about, it has more than {@value
   *     #MOST_EVENTS} events, or the log is not signed in time
   */
  public Outcome<Given> give(Caller caller, EvidenceQuestion question) throws InterruptedException {
    Optional<Refusal> refusal = refusal(question);
    if (refusal.isPresent()) {
      return Outcome.refused(refusal.get());
    }
    long position =
        commands.append(
            caller,
            new Issue(
                actors.initiator(caller),
                new Event.EvidenceIssued(question.repository(), question.text())));
    if (covering(signedLog::newest, position, PATIENCE).isEmpty()) {
      return Outcome.refused(new Refusal.NotSigned(position));
    }
    return Outcome.ok(
        new Given(
            question,
            position,
            covering(signedLog::witnessed, position, WITNESSES)
                .or(signedLog::newest)
                .orElseThrow()));
  }

  /** Waits for a checkpoint of a log that has an event; whoever waits holds nothing. */
  private static Optional<SignedNote> covering(
      Supplier<Optional<SignedNote>> newest, long position, Duration patience)
      throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Optional<SignedNote> found =
          newest.get().filter(note -> Checkpoint.parse(note.text()).size() > position);
      if (found.isPresent() || System.nanoTime() > deadline) {
        return found;
      }
      Thread.sleep(100);
    }
  }

  private Optional<Refusal> refusal(EvidenceQuestion question) {
    if (signedLog.keys().isEmpty()) {
      return Optional.of(new Refusal.SignsNothing());
    }
    if (question.repository().isPresent() && !known(question.repository().get())) {
      return Optional.of(new Refusal.UnknownRepository(question.repository().get()));
    }
    if (question.digest().isPresent() && !log.mentioned(question.digest().get())) {
      return Optional.of(new Refusal.UnknownDigest(question.digest().get()));
    }
    return positions(question, Long.MAX_VALUE).length > MOST_EVENTS
        ? Optional.of(new Refusal.TooMuchEvidence(MOST_EVENTS))
        : Optional.empty();
  }

  private boolean known(RepositoryName repository) {
    return !Availability.read(
            jdbi,
            handle ->
                reader.leaves(handle, -1, 1, Optional.of(repository.value()), Optional.empty()))
        .isEmpty();
  }

  /**
   * What was given, to be written once. Reads it from the database while it is written, in small
   * pieces, so whoever reads it slowly holds nothing.
   *
   * @param record whether whoever asks may read the whole record, and so policies and the like,
   *     unless they have names that were to be left out
   */
  public EvidenceBundle bundle(Given given, boolean record) {
    boolean everything = record && !given.question().pseudonymous();
    Checkpoint checkpoint = Checkpoint.parse(given.checkpoint().text());
    long[] positions = positions(given.question(), given.position());
    EvidenceLeaves leaves =
        taker -> {
          for (int from = 0; from < positions.length; from += PAGE) {
            for (LogReader.Leaf leaf : leaves(page(positions, from))) {
              taker.take(leaf.bytes());
            }
          }
        };
    Map<String, Opening> openings = new LinkedHashMap<>();
    Set<Digest> digests = new LinkedHashSet<>();
    for (int from = 0; from < positions.length; from += PAGE) {
      List<LogReader.Leaf> page = leaves(page(positions, from));
      for (LogReader.Leaf leaf : page) {
        digests.addAll(documents(reader.decode(leaf).event(), everything));
      }
      if (!given.question().pseudonymous()) {
        List<JsonNode> trees = page.stream().map(leaf -> codec.tree(leaf.bytes())).toList();
        openings.putAll(Availability.read(jdbi, handle -> Openings.of(handle, trees)).genuine());
      }
    }
    byte[] issued = leaves(List.of(given.position())).getFirst().bytes();
    return new EvidenceBundle(
        leaves,
        issued,
        taker ->
            Availability.read(
                jdbi,
                handle -> {
                  new Tree(TileView.source(handle), checkpoint.size()).around(positions, taker);
                  return null;
                }),
        given.checkpoint(),
        openings,
        digests.stream().map(this::document).toList(),
        signedLog.stamped().flatMap(stamped -> stamp(stamped, checkpoint)),
        signedLog.keys());
  }

  /**
   * What an event names and may be given out with it: to who may not read everything, what their
   * repository has put itself, and not what a manifest there speaks of, which may be another's.
   */
  private static List<Digest> documents(Event event, boolean everything) {
    return everything || event instanceof Event.ManifestPut ? event.documents() : List.of();
  }

  /** Empty if an authority has seen nothing yet but what is later. */
  private Optional<EvidenceBundle.Stamp> stamp(TimeStampedCheckpoint stamped, Checkpoint now) {
    long size = Checkpoint.parse(stamped.note().text()).size();
    return size > now.size()
        ? Optional.empty()
        : Optional.of(
            new EvidenceBundle.Stamp(
                stamped.note(),
                Availability.read(
                    jdbi,
                    handle -> new Tree(TileView.source(handle), now.size()).consistency(size)),
                stamped.token()));
  }

  private EvidenceBundle.Document document(Digest digest) {
    return new EvidenceBundle.Document(
        digest,
        () ->
            archive
                .document(digest)
                .or(() -> archive.recorded(digest).map(RecordDocuments.Document::bytes)));
  }

  private static List<Long> page(long[] positions, int from) {
    return Arrays.stream(positions, from, Math.min(from + PAGE, positions.length)).boxed().toList();
  }

  private List<LogReader.Leaf> leaves(List<Long> positions) {
    List<LogReader.Leaf> found =
        Availability.read(jdbi, handle -> reader.leaves(handle, positions));
    if (found.size() != positions.size()) {
      throw new IllegalStateException("events that were there are not in the log any more");
    }
    return found;
  }

  /**
   * Where the events are that evidence needs, and no more than a few over {@link #MOST_EVENTS}.
   *
   * @param issued the position of the event that says that it was given; it is the last
   */
  private long[] positions(EvidenceQuestion question, long issued) {
    List<Long> found = new ArrayList<>();
    long end = Math.min(question.through().orElse(Long.MAX_VALUE), issued - 1);
    if (question.about() == About.LOG) {
      long newest = Math.min(end, log.newestPosition());
      long last = Math.min(newest + 1, issued);
      for (long position = Math.max(0, question.after());
          position <= last && found.size() <= MOST_EVENTS;
          position++) {
        found.add(position);
      }
    } else if (question.about() == About.DIGEST) {
      EventFilter filter = EventFilter.ALL.ofDigest(question.digest().orElseThrow());
      EventQuery query = new EventQuery(filter, question.after(), end, false, PAGE);
      OptionalLong next = OptionalLong.of(question.after());
      while (next.isPresent() && found.size() <= MOST_EVENTS) {
        EventPage page = log.events(query.from(next.getAsLong()));
        page.events().forEach(event -> found.add(event.position()));
        next = page.next();
      }
    } else {
      chain(question.repository().orElseThrow(), question.after(), end, found);
    }
    if (issued != Long.MAX_VALUE && (found.isEmpty() || found.getLast() != issued)) {
      found.add(issued);
    }
    return found.stream().mapToLong(Long::longValue).toArray();
  }

  /** All of a repository in an interval, and of it the one before and the one after. */
  private void chain(RepositoryName repository, long after, long end, List<Long> found) {
    long last =
        Availability.read(
            jdbi,
            handle ->
                handle
                    .createQuery(
                        """
                        SELECT position FROM event
                        WHERE (repository, position) >= (:repository, 0)
                          AND (repository, position) <= (:repository, :after)
                        ORDER BY repository DESC, position DESC
                        LIMIT 1
                        """)
                    .bind("repository", repository.value())
                    .bind("after", after)
                    .mapTo(Long.class)
                    .findOne()
                    .orElse(-1L));
    if (last >= 0) {
      found.add(last);
    }
    while (last <= end && found.size() <= MOST_EVENTS) {
      long from = Math.max(last, after);
      List<Long> page =
          Availability.read(
              jdbi,
              handle ->
                  handle
                      .createQuery(
                          """
                          SELECT position FROM event
                          WHERE (repository, position) > (:repository, :after)
                            AND (repository, position) <= (:repository, 9223372036854775807)
                          ORDER BY repository, position
                          LIMIT :limit
                          """)
                      .bind("repository", repository.value())
                      .bind("after", from)
                      .bind("limit", PAGE)
                      .mapTo(Long.class)
                      .list());
      if (page.isEmpty()) {
        return;
      }
      for (long position : page) {
        if (last > end) {
          break;
        }
        found.add(position);
        last = position;
      }
    }
  }
}
