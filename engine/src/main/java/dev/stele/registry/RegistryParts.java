package dev.stele.registry;

import dev.stele.blob.BlobStores;
import dev.stele.claim.StoreClaims;
import dev.stele.claim.StoreRefusedException;
import dev.stele.event.EventCodec;
import dev.stele.gc.Collector;
import dev.stele.gc.Promises;
import dev.stele.log.AppendLane;
import dev.stele.log.ClockWatch;
import dev.stele.log.ConnectionSource;
import dev.stele.log.Leadership;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.policy.AccessPolicy;
import dev.stele.projection.AsynchronousProjections;
import dev.stele.projection.InlineProjections;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.Projection;
import dev.stele.projection.ProjectionRunner;
import dev.stele.sql.Deadline;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that a {@link Registry} is made of, opened and closed as one, and what those need who
 * submit commands of their own. Only the engine's composition root has this: whoever does can
 * append any event. Thread-safe but for {@link #startBackground}.
 */
public final class RegistryParts implements AutoCloseable {
  /** Who adopts what is configured, for the record. */
  static final String CONFIGURATION = "stele:configuration";

  private static final Logger logger = LoggerFactory.getLogger(RegistryParts.class);

  final Listings listings;
  final RepositoryBlobs blobs;
  final UploadSessions uploads;
  final RepositoryManifests manifests;
  final Protection protection;
  private final Jdbi jdbi;
  final Actors actors;
  final Commands commands;
  final PullRecorder pulls;
  final AccessRecorder accesses;
  final ServerRecord server;
  final Holds holds;
  final Approvals approvals;
  final SignedLog signedLog;
  final Evidence evidence;
  private final Optional<Signer> signer;
  private final Optional<Witnesses> witnesses;
  private final Optional<Stamper> stamper;
  final People people;
  final Robots robots;
  final Sessions sessions;
  final Archive archive;
  final EventLog log;
  final OwnStores ownStores;
  final Collector collector;
  final Collecting collecting;
  final Webhooks webhooks;
  final Health health;
  final Upkeep upkeep;
  private final RegistryOptions options;
  private final MeterRegistry meters;
  private final BlobStores stores;
  private final StoreClaims claims;
  private final Leadership leadership;
  private final LogSignal signal;
  private final LogReader reader;
  private final AppendLane lane;
  private final Promises promises;
  private final List<ProjectionRunner> followers;
  private final RecentChanges changes;
  private final BuriedTags buriedTags;
  private final Registry registry;
  private Optional<Background> background = Optional.empty();
  private Optional<UploadExpiry> uploadExpiry = Optional.empty();

  /** Opens all of it; see {@code dev.stele.engine.Engine} for what these are. */
  public RegistryParts(
      Jdbi jdbi,
      Jdbi audit,
      ConnectionSource connections,
      BlobStores stores,
      RegistryOptions options,
      MeterRegistry meters) {
    EventCodec codec = new EventCodec();
    this.leadership = new Leadership(connections);
    this.meters = meters;
    this.stores = stores.observed(meters);
    OlderStores older = new OlderStores(jdbi, new LogReader(codec));
    this.claims = new StoreClaims(jdbi, this.stores, older);
    this.options = options;
    this.jdbi = jdbi;
    this.actors = new Actors(jdbi);
    ManifestDocuments documents = new ManifestDocuments();
    this.signal = new LogSignal(connections);
    ClockWatch clock = new ClockWatch(options.clockTolerance());
    measure(clock, meters);
    this.lane =
        new AppendLane(connections, codec, new InlineProjections(documents), clock, signal, meters);
    this.commands = new Commands(lane, claims, actors);
    this.ownStores =
        new OwnStores(
            audit, this.stores, claims, lane, actors, commands, options.sparseManifests());
    this.promises = new Promises(jdbi, options.gc().renewal());
    this.changes = new RecentChanges(connections, codec);
    this.blobs =
        new RepositoryBlobs(
            jdbi,
            promises,
            new CurrentContents(changes, promises),
            this.stores,
            claims,
            documents,
            actors,
            commands);
    this.uploads = new UploadSessions(blobs, options.gc().grace());
    Deadline.heed(audit);
    this.reader = new LogReader(codec);
    AsynchronousProjections asynchronous = new AsynchronousProjections(documents);
    Function<Projection, ProjectionRunner> follow =
        view -> new ProjectionRunner(audit, reader, view, leadership::term);
    ProjectionRunner eventIndex = follow.apply(asynchronous.eventIndex());
    this.log = new EventLog(jdbi, audit, codec, reader, signal, eventIndex);
    this.webhooks = new Webhooks(audit, log, signal, options.webhooks(), meters);
    ProjectionRunner history = follow.apply(asynchronous.history());
    ProjectionRunner exposure = follow.apply(asynchronous.exposure());
    this.archive = new Archive(audit, blobs, documents, history, exposure);
    this.followers =
        List.of(
            follow.apply(asynchronous.pulls()),
            history,
            eventIndex,
            exposure,
            follow.apply(asynchronous.tiles()));
    this.collector =
        new Collector(
            audit,
            lane,
            clock,
            reader,
            this.stores,
            claims,
            follow.apply(asynchronous.reachability()),
            id -> actors.system(Collector.ACTOR, id),
            promises,
            options.gc());
    this.collecting = new Collecting(collector);
    this.protection = new Protection(options.immutableTags());
    this.listings = new Listings(jdbi);
    CurrentTags currentTags = new CurrentTags(jdbi, changes);
    this.manifests =
        new RepositoryManifests(
            jdbi, options, protection, documents, blobs, listings, currentTags, actors, commands);
    this.buriedTags = new BuriedTags(jdbi, commands);
    this.holds = new Holds(jdbi, actors, commands);
    this.approvals = new Approvals(jdbi, actors, commands);
    this.signedLog = new SignedLog(audit, commands, options.signing());
    this.evidence = new Evidence(audit, actors, commands, log, reader, codec, archive, signedLog);
    this.signer = options.signing().map(how -> new Signer(audit, how));
    this.witnesses =
        options.signing().map(how -> new Witnesses(audit, how, InstantSource.system()));
    witnesses.ifPresent(all -> all.measure(meters, leadership::leading));
    this.stamper =
        options
            .signing()
            .flatMap(LogSigning::timeStamping)
            .map(how -> new Stamper(audit, how, InstantSource.system()));
    stamper.ifPresent(it -> it.measure(meters));
    this.robots = new Robots(jdbi, actors, commands, changes, options.robotKeys());
    this.sessions = new Sessions(jdbi, actors, commands, changes);
    this.pulls = new PullRecorder(options.pulls(), actors, lane, meters);
    this.accesses = new AccessRecorder(options.accesses(), actors, lane, meters);
    this.people =
        new People(
            audit,
            actors,
            commands,
            () -> {
              pulls.flush();
              accesses.flush();
            });
    this.server = new ServerRecord(actors, commands);
    new LogGauges(audit).register(meters, asynchronous.projections(), this.stores);
    Alarms alarms = new Alarms(meters);
    alarms.register("clock", clock::doubtAboutAges);
    signer.ifPresent(it -> alarms.register("log", whileLeading(it::alarm)));
    witnesses.ifPresent(
        all -> {
          alarms.register("witness", whileLeading(all::missing));
          alarms.register("rollback", whileLeading(all::rollback));
        });
    stamper.ifPresent(it -> alarms.register("time-stamp", whileLeading(it::alarm)));
    alarms.register("commit", lane::alarm);
    new DatabaseAlarms(jdbi, leadership).register(alarms);
    for (BlobStores.Named store : this.stores.all()) {
      alarms.register("store." + store.name(), () -> store.store().alarm(store.name()));
      alarms.register("older." + store.name(), () -> older.alarm(store.name()));
      alarms.register("claim." + store.name(), () -> claims.refusal(store));
    }
    this.health =
        new Health(
            jdbi,
            lane,
            leadership,
            clock,
            new Readiness(jdbi, this.stores, claims),
            alarms,
            actors,
            commands);
    this.upkeep = new Upkeep(audit, reader, buriedTags);
    this.registry = new Registry(this);
  }

  /** What another node that leads now may have found otherwise. */
  private Supplier<Optional<String>> whileLeading(Supplier<Optional<String>> alarm) {
    return () -> leadership.leading() ? alarm.get() : Optional.empty();
  }

  private static void measure(ClockWatch clock, MeterRegistry meters) {
    Gauge.builder("stele.clock.doubt", () -> clock.doubtAboutAges().isPresent() ? 1 : 0)
        .description("1 while the clock is in doubt, so that nothing is removed or even appended")
        .register(meters);
    TimeGauge.builder(
            "stele.clock.difference", () -> clock.difference().toMillis(), TimeUnit.MILLISECONDS)
        .description("How far the database's clock is ahead of this node's")
        .register(meters);
  }

  /** The registry that is made of these. */
  public Registry registry() {
    return registry;
  }

  /** The way to the lane. */
  public Commands commands() {
    return commands;
  }

  /** See {@link dev.stele.engine.Engine#record}. */
  public boolean record(AccessPolicy policy) {
    AdoptAccessPolicy adopt = new AdoptAccessPolicy(commands.system(CONFIGURATION), policy);
    // Most starts change nothing: the lane need not hear of those.
    return !Availability.read(jdbi, adopt::isInForce) && commands.append(adopt);
  }

  /** See {@link dev.stele.engine.Engine#secret}. */
  public byte[] secret() {
    return Availability.read(jdbi, ServerSecret::of);
  }

  /** What may not go or move; to be asked in the lane by whoever submits commands of its own. */
  public Protection protection() {
    return protection;
  }

  /**
   * Starts the work that goes on by itself. To be called once, before the registry is shared
   * between threads.
   *
   * @param beforeCollecting is run before each collection, such as the evaluation of a retention
   *     policy; if it throws, there is no collection
   * @throws RegistryUnavailableException if a store is not this log's; see {@link OwnStores#claim}
   */
  public void startBackground(Runnable beforeCollecting) {
    commands.requireOwnStores();
    signer.ifPresent(it -> it.check().ifPresent(wrong -> logger.error("{}", wrong)));
    webhooks.register();
    if (options.gc().enabled()) {
      uploadExpiry = Optional.of(new UploadExpiry(stores, options.gc().grace()));
    }
    background =
        Optional.of(
            new Background(
                leadership,
                signal,
                reader,
                followers,
                collector,
                buriedTags,
                people,
                claims,
                signer,
                witnesses,
                stamper,
                beforeCollecting,
                webhooks,
                meters));
  }

  /** Ends the background work and the lane, after what is queued. */
  @Override
  public void close() {
    webhooks.close();
    witnesses.ifPresent(Witnesses::close);
    stamper.ifPresent(Stamper::close);
    background.ifPresent(Background::close);
    uploadExpiry.ifPresent(UploadExpiry::close);
    pulls.close();
    accesses.close();
    promises.close();
    lane.close();
    changes.close();
    try {
      claims.cover();
    } catch (StoreRefusedException e) {
      // Whoever used the store was told; it is not to be marked.
      logger.debug("a store is not marked", e);
    } catch (IOException | RuntimeException e) {
      logger.warn("the stores were not told how far the log is: {}", e.getMessage());
    }
    signal.close();
  }
}
