package dev.stele.registry;

import dev.stele.merkle.Hash;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.Tree;
import dev.stele.merkle.TrustPolicy;
import dev.stele.projection.TileView;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has witnesses cosign what was signed, on the node that leads: all of them the same checkpoint, at
 * once, so that those of a quorum meet in one. One that does not answer is left alone for longer
 * each time, and keeps nobody waiting meanwhile. Nothing of the database is held while one is
 * asked. For one thread, but for alarms, metrics and {@link #close}.
 */
final class Witnesses implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Witnesses.class);

  /** From one round to the next: witnesses have many logs. */
  static final Duration APART = Duration.ofSeconds(10);

  static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  /**
   * After so long without a quorum somebody must see to it; a log that is still is signed sooner.
   */
  static final Duration MISSING = Duration.ofMinutes(15);

  /** By how much a witness's clock may be ahead, so that what it says is still a time. */
  private static final Duration AHEAD = Duration.ofDays(1);

  /** A witness says its size, and is asked from there; another node may have been quicker. */
  private static final int ATTEMPTS = 3;

  private static final Duration FRESH = Duration.ofSeconds(10);

  private final Jdbi jdbi;
  private final TrustPolicy policy;
  private final InstantSource clock;
  private final List<Party> parties = new ArrayList<>();
  private Instant nextRound = Instant.MIN;
  private volatile boolean asked;
  private volatile Instant witnessedAt = Instant.MIN;
  private volatile boolean closed;

  /** A witness, and how it is doing. */
  private static final class Party {
    private final Witness witness;
    private final List<TrustPolicy.Witness> keys;

    /** Of what it last cosigned; 0 while that is not known. */
    private long size;

    /** The number of what it last cosigned for this node. */
    private long cosigned = -1;

    private Instant quietUntil = Instant.MIN;
    private volatile int failures;
    private volatile Optional<String> problem = Optional.empty();
    private volatile Optional<String> rollback = Optional.empty();

    private Party(Witness witness, List<TrustPolicy.Witness> keys) {
      this.witness = witness;
      this.keys = keys;
    }

    private String names() {
      return keys.stream().map(TrustPolicy.Witness::name).collect(Collectors.joining(" and "));
    }
  }

  Witnesses(Jdbi jdbi, LogSigning signing, InstantSource clock) {
    this.jdbi = jdbi;
    this.policy = signing.policy();
    this.clock = clock;
    for (Witness witness : signing.witnesses()) {
      parties.add(
          new Party(
              witness,
              policy.witnesses().stream()
                  .filter(known -> known.url().equals(Optional.of(witness.url())))
                  .toList()));
    }
  }

  /** Shows how each is doing; failures only while this node leads. */
  void measure(MeterRegistry meters, BooleanSupplier leading) {
    List<NoteKey> keys = policy.witnesses().stream().map(TrustPolicy.Witness::key).toList();
    Sampled<Map<String, Instant>> last =
        new Sampled<>(jdbi, FRESH, handle -> Checkpoints.lastCosigned(handle, keys));
    for (Party party : parties) {
      for (TrustPolicy.Witness key : party.keys) {
        TimeGauge.builder(
                "stele.witness.cosigned.timestamp",
                last,
                TimeUnit.SECONDS,
                sampled ->
                    sampled
                        .get()
                        .map(found -> found.get(key.key().label()))
                        .map(at -> (double) at.getEpochSecond())
                        .orElse(Double.NaN))
            .description("When a witness last cosigned the log, in seconds since 1970")
            .tag("witness", key.name())
            .strongReference(true)
            .register(meters);
        Gauge.builder("stele.witness.failures", () -> leading.getAsBoolean() ? party.failures : 0)
            .description("Times in a row that a witness did not cosign, on the node that leads")
            .tag("witness", key.name())
            .register(meters);
      }
    }
  }

  /** That no quorum was there for {@link #MISSING}, if so; with what is wrong with each witness. */
  Optional<String> missing() {
    Instant last = witnessedAt;
    if (!asked || policy.quorum().isEmpty() || clock.instant().isBefore(last.plus(MISSING))) {
      return Optional.empty();
    }
    return Optional.of(
        "not as many witnesses as must have cosigned the log since %s: %s; pushes go on, and the log is signed"
            .formatted(
                last,
                parties.stream()
                    .map(
                        party ->
                            party.names()
                                + " "
                                + party.problem.map("did not: "::concat).orElse("cosigns"))
                    .collect(Collectors.joining(", "))));
  }

  /** That a witness has seen another log than this one is now, if so. */
  Optional<String> rollback() {
    return parties.stream()
        .flatMap(party -> party.rollback.stream())
        .reduce((one, other) -> one + "; " + other);
  }

  /** Asks whoever is to be asked. Only for the node that leads. */
  boolean step() throws InterruptedException {
    Instant now = clock.instant();
    if (closed || parties.isEmpty() || now.isBefore(nextRound)) {
      return false;
    }
    Optional<Checkpoints.Signed> newest = Availability.read(jdbi, Checkpoints::newest);
    List<Party> due =
        newest.stream()
            .flatMap(
                signed ->
                    parties.stream()
                        .filter(party -> party.cosigned < signed.number())
                        .filter(party -> !now.isBefore(party.quietUntil)))
            .toList();
    if (!due.isEmpty()) {
      nextRound = now.plus(APART);
      ask(newest.get(), due);
    }
    Availability.read(jdbi, Checkpoints::witnessed)
        .flatMap(Checkpoints.Signed::witnessedAt)
        .or(() -> Optional.of(now).filter(_ -> witnessedAt.equals(Instant.MIN)))
        .ifPresent(at -> witnessedAt = at);
    asked = true;
    return false;
  }

  private void ask(Checkpoints.Signed signed, List<Party> due) throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> done =
          threads.invokeAll(
              due.stream()
                  .map(
                      party ->
                          (Callable<Boolean>)
                              () -> {
                                note(party, signed, ask(party, signed));
                                return true;
                              })
                  .toList());
      for (Future<Boolean> each : done) {
        boolean _ = each.get();
      }
    } catch (ExecutionException e) {
      // Such as the database being away: told, counted and tried again as all that goes on by
      // itself.
      throw e.getCause() instanceof RuntimeException unexpected
          ? unexpected
          : new IllegalStateException(e.getCause());
    }
  }

  /** Asks one witness; the result is why it has not cosigned, if so. */
  private Optional<String> ask(Party party, Checkpoints.Signed signed) throws InterruptedException {
    long size = signed.checkpoint().size();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      long old = Math.min(party.size, size);
      List<Hash> proof =
          Availability.read(
              jdbi, handle -> new Tree(TileView.source(handle), size).consistency(old));
      switch (party.witness.add(old, proof, signed.note())) {
        case Witness.Answer.Cosigned(String lines) -> {
          Optional<String> wrong = keep(party, signed, lines);
          if (wrong.isEmpty()) {
            party.size = size;
          }
          return wrong;
        }
        case Witness.Answer.OtherSize(long other) when other == old -> {
          return Optional.of("answered 409 with the size that it was asked from");
        }
        case Witness.Answer.OtherSize(long other) when other > size -> {
          party.size = other;
          return ahead(party, other);
        }
        case Witness.Answer.OtherSize(long other) -> party.size = other;
        case Witness.Answer.Contradicted(String reason) -> {
          party.rollback =
              Optional.of(
                  "the log does not continue what the witness %s cosigned, %,d events (%s): the database was an older copy, or events that were signed have changed; stele log verify with a checkpoint from elsewhere says more"
                      .formatted(party.names(), old, reason));
          return party.rollback;
        }
        case Witness.Answer.Failed(String reason) -> {
          return Optional.of(reason);
        }
      }
    }
    return Optional.of("answered 409 with another size each time");
  }

  /**
   * A witness has more than it was shown, which another node may have shown it. What is signed is
   * in the database before any witness has it, so the database knows.
   */
  private Optional<String> ahead(Party party, long size) {
    Optional<Checkpoints.Signed> newest = Availability.read(jdbi, Checkpoints::newest);
    if (newest.filter(known -> known.checkpoint().size() >= size).isPresent()) {
      return Optional.of("has cosigned what another node signed meanwhile");
    }
    party.rollback =
        Optional.of(
            "the witness %s has cosigned %,d events of the log, which has fewer: the database is an older copy, or its end was removed"
                .formatted(party.names(), size));
    return party.rollback;
  }

  /**
   * Keeps what a witness answered, if that is what it must be; else the result says what is not.
   */
  private Optional<String> keep(Party party, Checkpoints.Signed signed, String lines) {
    SignedNote answered;
    try {
      answered = SignedNote.parse(signed.note().text() + "\n" + lines);
    } catch (IllegalArgumentException _) {
      return Optional.of("answered 200 with what are no lines of signatures");
    }
    Map<NoteKey, SignedNote.Line> found = new HashMap<>();
    for (TrustPolicy.Witness known : party.keys) {
      Optional<SignedNote.Line> line = known.key().in(answered);
      if (line.isPresent()) {
        Optional<Instant> at = known.key().signedAt(line.get());
        if (!known.key().verifies(signed.checkpoint(), line.get()) || at.isEmpty()) {
          return Optional.of("answered with a cosignature that is none of this checkpoint");
        }
        if (at.get().isAfter(clock.instant().plus(AHEAD))) {
          return Optional.of("cosigned at %s, as it says: its clock is wrong".formatted(at.get()));
        }
        found.put(known.key(), line.get());
      }
    }
    if (found.isEmpty()) {
      return Optional.of("answered without a cosignature by its key");
    }
    Availability.run(
        () ->
            jdbi.useTransaction(
                handle -> {
                  long number = signed.number();
                  if (Checkpoints.lock(handle, number).isPresent()) {
                    found.forEach(
                        (key, line) ->
                            Checkpoints.cosign(
                                handle, number, key, line, key.signedAt(line).orElseThrow()));
                    Checkpoints.Signed now = Checkpoints.lock(handle, number).orElseThrow();
                    if (policy.isWitnessed(now.checkpoint(), now.note())) {
                      Checkpoints.setWitnessed(handle, number, clock.instant());
                    }
                  }
                }));
    return Optional.empty();
  }

  /** How long somebody is left alone who failed so often in a row. */
  static Duration pause(int failures) {
    Duration pause = APART.multipliedBy(1L << Math.min(failures - 1, 10));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }

  private void note(Party party, Checkpoints.Signed signed, Optional<String> problem) {
    if (problem.isEmpty()) {
      party.cosigned = signed.number();
      party.rollback = Optional.empty();
      party.quietUntil = Instant.MIN;
      if (party.failures > 0) {
        logger.info("the witness {} cosigns again", party.names());
      }
      party.failures = 0;
    } else if (!closed) {
      int row = party.failures + 1;
      Duration pause = pause(row);
      party.failures = row;
      party.quietUntil = clock.instant().plus(pause);
      if (party.rollback.isPresent()) {
        logger.error("{}", party.rollback.get());
      } else {
        logger.warn(
            "the witness {} did not cosign {} events ({} in a row): {}; next try in {}",
            party.names(),
            signed.checkpoint().size(),
            row,
            problem.get(),
            pause);
      }
    }
    party.problem = problem;
  }

  /** Makes what is being asked fail, which is not noted. */
  @Override
  public void close() {
    closed = true;
    for (Party party : parties) {
      try {
        party.witness.close();
      } catch (RuntimeException e) {
        logger.warn("the client of witness {} cannot be closed", party.names(), e);
      }
    }
  }
}
