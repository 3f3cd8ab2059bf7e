package dev.stele.registry;

import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStores;
import dev.stele.blob.StoreUnavailableException;
import dev.stele.claim.Standing;
import dev.stele.claim.StoreClaims;
import dev.stele.claim.StoreMarker;
import dev.stele.claim.StoreRefusedException;
import dev.stele.event.ActorId;
import dev.stele.event.EventCodec;
import dev.stele.gc.Collector;
import dev.stele.gc.Promises;
import dev.stele.gc.Waiting;
import dev.stele.log.AppendLane;
import dev.stele.log.ClockWatch;
import dev.stele.log.Command;
import dev.stele.log.ConnectionSource;
import dev.stele.log.Deadline;
import dev.stele.log.Leadership;
import dev.stele.log.LogIdentity;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.ImageIndex;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.AsynchronousProjections;
import dev.stele.projection.BlobView;
import dev.stele.projection.InlineProjections;
import dev.stele.projection.Listers;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ManifestView;
import dev.stele.projection.Projection;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.ReferrerView;
import dev.stele.projection.RepositoryView;
import dev.stele.projection.TagView;
import dev.stele.projection.Verification;
import dev.stele.verify.Finding;
import dev.stele.verify.Scrub;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry: everything that a client, an auditor or an embedding program can ask of it.
 *
 * <p>A write has been decided and is durable when its method returns: bytes in the blob store, the
 * event in the log, the views changed. A refusal is a result. When the database is away, methods
 * throw {@link RegistryUnavailableException}, when a store is, {@link StoreUnavailableException},
 * and nothing was acknowledged. Names {@code at/<moment>/<name>} stand for the past: creating a
 * repository of such a name throws {@link dev.stele.oci.InvalidNameException}. All methods block
 * and are safe for concurrent use.
 */
public final class Registry implements AutoCloseable {
  /** The actor of what the collector does. A user's name cannot have a colon. */
  public static final String COLLECTOR = "stele:collector";

  /** How long a client may take to follow a redirect; what has begun then goes on. */
  public static final Duration REDIRECT_VALIDITY = Duration.ofMinutes(15);

  private static final Logger logger = LoggerFactory.getLogger(Registry.class);

  private final Jdbi jdbi;
  private final Jdbi audit;
  private final Leadership leadership;
  private final Alarms alarms;
  private final MeterRegistry meters;
  private final BlobStores stores;
  private final StoreClaims claims;
  private final RegistryOptions options;
  private final Actors actors;
  private final ManifestDocuments documents;
  private final LogSignal signal;
  private final ClockWatch clock;
  private final AppendLane lane;
  private final EventCodec codec = new EventCodec();
  private final EventLog events;
  private final Webhooks webhooks;
  private final Promises promises;
  private final RepositoryBlobs blobs;
  private final UploadSessions uploads;
  private final Collector collector;
  private final LogReader reader;
  private final List<ProjectionRunner> followers;
  private Optional<Background> background = Optional.empty();
  private Optional<UploadExpiry> uploadExpiry = Optional.empty();
  private final RepositoryManifests manifests;
  private final BuriedTags buriedTags;
  private final CurrentTags currentTags;
  private final Protection protection;
  private final Holds holds;
  private final Readiness readiness;
  private final PullRecorder pulls;
  private final Archive archive;

  /**
   * Opens the registry over a migrated database.
   *
   * @param jdbi a pool of connections as the runtime role, for pushes and pulls
   * @param audit another, for questions about the record and for what goes on by itself, so that
   *     pushes and pulls never wait for those; the same one will do where nothing is pressing. Its
   *     statements heed the {@link Deadline} of the work that they are part of
   * @param connections own connections of the lane, of the listeners and of who looks at the log,
   *     as the same role
   */
  public Registry(
      Jdbi jdbi,
      Jdbi audit,
      ConnectionSource connections,
      BlobStores stores,
      RegistryOptions options,
      MeterRegistry meters) {
    this.jdbi = jdbi;
    this.audit = audit;
    this.leadership = new Leadership(connections);
    this.meters = meters;
    this.stores = stores.observed(meters);
    OlderStores older = new OlderStores(jdbi, new LogReader(codec));
    this.claims = new StoreClaims(jdbi, this.stores, older);
    this.options = options;
    this.actors = new Actors(jdbi);
    this.documents = new ManifestDocuments();
    this.signal = new LogSignal(connections);
    this.clock = new ClockWatch(options.clockTolerance());
    measure(clock, meters);
    this.lane =
        new AppendLane(connections, codec, new InlineProjections(documents), clock, signal, meters);
    this.promises = new Promises(jdbi, options.gc().renewal());
    this.blobs =
        new RepositoryBlobs(jdbi, promises, this.stores, claims, documents, actors, this::append);
    this.uploads = new UploadSessions(blobs, options.gc().grace());
    Deadline.heed(audit);
    this.reader = new LogReader(codec);
    AsynchronousProjections asynchronous = new AsynchronousProjections(documents);
    Function<Projection, ProjectionRunner> follow =
        view -> new ProjectionRunner(audit, reader, view, leadership::term);
    ProjectionRunner eventIndex = follow.apply(asynchronous.eventIndex());
    this.events = new EventLog(audit, codec, reader, signal, eventIndex);
    this.webhooks = new Webhooks(audit, events, signal, options.webhooks(), meters);
    ProjectionRunner history = follow.apply(asynchronous.history());
    ProjectionRunner exposure = follow.apply(asynchronous.exposure());
    this.archive = new Archive(audit, blobs, documents, history, exposure);
    this.followers = List.of(follow.apply(asynchronous.pulls()), history, eventIndex, exposure);
    this.collector =
        new Collector(
            audit,
            lane,
            clock,
            reader,
            this.stores,
            claims,
            follow.apply(asynchronous.reachability()),
            () -> actors.id(COLLECTOR),
            promises,
            options.gc());
    this.protection = new Protection(options.immutableTags());
    this.manifests =
        new RepositoryManifests(jdbi, options, protection, documents, blobs, actors, this::append);
    this.currentTags = new CurrentTags(jdbi, connections, codec);
    this.buriedTags = new BuriedTags(jdbi, this::append);
    this.holds = new Holds(jdbi, actors, this::append);
    this.readiness = new Readiness(jdbi, this.stores, claims);
    this.pulls = new PullRecorder(options.pulls(), actors, lane, meters);
    new LogGauges(audit).register(meters, asynchronous.projections(), this.stores);
    this.alarms = new Alarms(meters);
    alarms.register("clock", clock::doubtAboutAges);
    alarms.register("commit", lane::alarm);
    new DatabaseAlarms(jdbi, leadership).register(alarms);
    for (BlobStores.Named store : this.stores.all()) {
      alarms.register("store." + store.name(), () -> store.store().alarm(store.name()));
      alarms.register("older." + store.name(), () -> older.alarm(store.name()));
      alarms.register("claim." + store.name(), () -> claims.refusal(store));
    }
  }

  private static void measure(ClockWatch clock, MeterRegistry meters) {
    Gauge.builder("stele.clock.doubt", clock, watch -> watch.doubtAboutAges().isPresent() ? 1 : 0)
        .description("1 while the clock is in doubt, so that nothing is removed or even appended")
        .register(meters);
    TimeGauge.builder(
            "stele.clock.difference",
            clock,
            TimeUnit.MILLISECONDS,
            watch -> watch.difference().toMillis())
        .description("How far the database's clock is ahead of this node's")
        .register(meters);
  }

  // ---- reading

  /** Whether the repository exists. */
  public boolean exists(RepositoryName repository) {
    return Availability.read(jdbi, handle -> RepositoryView.exists(handle, repository));
  }

  /** The repository, if it exists; otherwise refused. Creates nothing. */
  public Outcome<RepositoryName> validate(RepositoryName repository) {
    return exists(repository)
        ? Outcome.ok(repository)
        : Outcome.refused(new Refusal.UnknownRepository(repository));
  }

  /**
   * Creates a repository with nothing in it. Pushing does so by itself.
   *
   * @return false if it existed; then nothing changed
   */
  public boolean initialise(Caller caller, RepositoryName repository) {
    ReservedNames.check(repository);
    return submit(
        caller, new CreateRepository(actors.id(caller.actor()), caller.requestId(), repository));
  }

  /** At most {@code limit} repositories whose names come after one, in byte order. */
  public Page<RepositoryName> repositories(Optional<String> after, int limit) {
    return Page.of(
        Availability.read(jdbi, handle -> RepositoryView.list(handle, after, limit + 1)), limit);
  }

  /** At most {@code limit} tags of a repository that come after one, in byte order. */
  public Outcome<Page<Tag>> tags(RepositoryName repository, Optional<String> after, int limit) {
    return Availability.read(
        jdbi,
        handle -> {
          List<Tag> found = TagView.list(handle, repository, after, limit + 1);
          return found.isEmpty() && !RepositoryView.exists(handle, repository)
              ? Outcome.refused(new Refusal.UnknownRepository(repository))
              : Outcome.ok(Page.of(found, limit));
        });
  }

  /**
   * What a repository has, as the index of an OCI image layout would say it: a descriptor for each
   * tag, named by the annotation {@value ImageIndex#REF_NAME}, and one for each manifest without a
   * tag. Memory and time are in proportion to their number; {@link #tags} pages.
   */
  public Outcome<ImageIndex> index(RepositoryName repository) {
    return Availability.read(
        jdbi,
        handle -> {
          List<Descriptor> manifests = TagView.index(handle, repository);
          return manifests.isEmpty() && !RepositoryView.exists(handle, repository)
              ? Outcome.refused(new Refusal.UnknownRepository(repository))
              : Outcome.ok(ImageIndex.of(manifests));
        });
  }

  /**
   * A manifest by tag or digest, with its exact bytes. Whoever asks by digest may count on it for a
   * grace period, so that a client need not push what it was told of.
   */
  public Outcome<StoredManifest> manifest(RepositoryName repository, Reference reference) {
    Optional<ManifestView.Present> present =
        switch (reference) {
          case Tag tag -> currentTags.find(repository, tag);
          case Reference.ByDigest(Digest digest) -> blobs.promised(repository, digest).manifest();
        };
    if (present.isEmpty()) {
      return Outcome.refused(
          exists(repository)
              ? new Refusal.UnknownManifest(repository, reference)
              : new Refusal.UnknownRepository(repository));
    }
    Digest digest = present.get().digest();
    byte[] bytes =
        documents
            .known(digest)
            .or(() -> Availability.read(jdbi, handle -> documents.find(handle, digest)))
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "the document of manifest " + digest + " is missing"));
    return Outcome.ok(new StoredManifest(digest, present.get().mediaType(), bytes));
  }

  /**
   * The bytes of a blob, or of a manifest by its digest; the caller closes them, and may count on
   * the content for a grace period.
   */
  public Outcome<BlobContent> blob(RepositoryName repository, Digest digest) throws IOException {
    return blobs.open(repository, digest);
  }

  /**
   * Where anybody can get a blob's bytes, without asking this server, for {@link
   * #REDIRECT_VALIDITY}. Whoever is told may count on the blob for a grace period. Empty if the
   * repository's store does not redirect, or has no such blob, or it is a manifest, whose media
   * type a store does not know.
   */
  public Optional<URI> blobLocation(RepositoryName repository, Digest digest) throws IOException {
    return blobs.location(repository, digest);
  }

  /**
   * At most {@code limit} blobs of a repository after one, in the order of digests, without the
   * manifests. Empty for a repository that does not exist, which it does not create.
   */
  public Page<Digest> blobs(RepositoryName repository, Optional<Digest> after, int limit) {
    return Page.of(
        Availability.read(jdbi, handle -> BlobView.list(handle, repository, after, limit + 1)),
        limit);
  }

  /**
   * What is known of a blob, or of a manifest by its digest. Whoever is told of one may count on it
   * for a grace period.
   */
  public Outcome<BlobFacts> blobFacts(RepositoryName repository, Digest digest) throws IOException {
    return blobs.facts(repository, digest);
  }

  /** The size in bytes of what {@link #blobFacts} tells of. */
  public Outcome<Long> blobSize(RepositoryName repository, Digest digest) throws IOException {
    return switch (blobFacts(repository, digest)) {
      case Outcome.Ok<BlobFacts>(BlobFacts facts) -> Outcome.ok(facts.size());
      case Outcome.Refused<BlobFacts>(Refusal refusal) -> Outcome.refused(refusal);
    };
  }

  /**
   * At most {@code limit} referrers of a subject after a digest, in the order of digests; fewer if
   * they are large ({@link ReferrerView#list}). Empty for anything unknown.
   */
  public Page<Descriptor> referrers(
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    ReferrerView.Listing listing =
        Availability.read(
            jdbi,
            handle -> ReferrerView.list(handle, repository, subject, artifactType, after, limit));
    return new Page<>(listing.referrers(), listing.more());
  }

  // ---- blobs

  /** The uploads that arrive in pieces. */
  public UploadSessions uploads() {
    return uploads;
  }

  /**
   * Uploads a whole blob at once.
   *
   * @param length how many bytes the body is declared to have, if it is
   */
  public Outcome<Digest> putBlob(
      Caller caller,
      RepositoryName repository,
      Digest expected,
      OptionalLong length,
      InputStream body)
      throws IOException {
    return uploads.put(caller, repository, expected, length, body);
  }

  /**
   * Makes a blob that the store has part of a repository, without its bytes being sent.
   *
   * @param from the repository that is known to have it; absent for any
   * @return false if it cannot be mounted, so that the client must upload it
   */
  public boolean mount(
      Caller caller, RepositoryName repository, Digest digest, Optional<RepositoryName> from)
      throws IOException {
    return blobs.mount(caller, repository, digest, from);
  }

  // ---- manifests and deletions

  /**
   * Puts a manifest. What it refers to must be there unless {@linkplain
   * RegistryOptions#sparseManifests sparse manifests} are accepted; a subject may be missing. An
   * image must have the {@linkplain RegistryOptions#mandatoryAnnotations mandatory annotations}.
   *
   * @param reference a tag to move to it, or its digest
   * @param mediaType as declared by the client, without parameters
   * @param moreTags tags to move to it beside the reference
   * @param precondition of every tag that is to move; if there is none, of the manifest itself
   */
  public Outcome<PutManifest> putManifest(
      Caller caller,
      RepositoryName repository,
      Reference reference,
      String mediaType,
      byte[] bytes,
      List<Tag> moreTags,
      Precondition precondition) {
    return manifests.put(caller, repository, reference, mediaType, bytes, moreTags, precondition);
  }

  /** As the other, whatever is there. */
  public Outcome<PutManifest> putManifest(
      Caller caller,
      RepositoryName repository,
      Reference reference,
      String mediaType,
      byte[] bytes,
      List<Tag> moreTags) {
    return putManifest(
        caller, repository, reference, mediaType, bytes, moreTags, Precondition.NONE);
  }

  /** Deletes a tag; the manifest stays. Returns what the tag pointed to. */
  public Outcome<Digest> deleteTag(
      Caller caller, RepositoryName repository, Tag tag, Precondition precondition) {
    return manifests.delete(caller, repository, tag, precondition);
  }

  /** As the other, whatever it points to. */
  public Outcome<Digest> deleteTag(Caller caller, RepositoryName repository, Tag tag) {
    return deleteTag(caller, repository, tag, Precondition.NONE);
  }

  /**
   * Deletes a manifest and all tags that point to it. Refused if a present manifest lists it, or,
   * with {@linkplain RegistryOptions#collisionDetection collision detection}, if several tags do.
   */
  public Outcome<Digest> deleteManifest(
      Caller caller, RepositoryName repository, Digest digest, Precondition precondition) {
    return manifests.delete(caller, repository, digest, precondition);
  }

  /** As the other, without a precondition. */
  public Outcome<Digest> deleteManifest(Caller caller, RepositoryName repository, Digest digest) {
    return deleteManifest(caller, repository, digest, Precondition.NONE);
  }

  /** Removes a blob from a repository; its bytes remain until swept. */
  public Outcome<Digest> deleteBlob(
      Caller caller, RepositoryName repository, Digest digest, Precondition precondition) {
    boolean _ =
        Availability.read(
            jdbi,
            handle -> {
              Listers.readAhead(handle, repository);
              return true;
            });
    return submit(
        caller,
        new DeleteBlob(
            actors.id(caller.actor()), caller.requestId(), repository, digest, precondition));
  }

  /** As the other, without a precondition. */
  public Outcome<Digest> deleteBlob(Caller caller, RepositoryName repository, Digest digest) {
    return deleteBlob(caller, repository, digest, Precondition.NONE);
  }

  private <R> R append(Command<R> command) {
    requireOwnStores();
    return Availability.guard(() -> lane.submit(command));
  }

  // ---- stores

  /**
   * Returns if every store belongs to this log; one that is empty and unmarked does from then on.
   * Nothing is appended, stored or collected otherwise. Asked once before the first of these, and
   * again whenever something shows that a store is another's by now; ask it before that to be told
   * early.
   *
   * @throws StoreRefusedException if a store is another registry's, has content and no marker, or
   *     knows of events that the log does not have; the message says what to do
   * @throws IOException if a store cannot be used
   */
  public void claimStores() throws IOException {
    Availability.<IOException>run(claims::require);
  }

  private void requireOwnStores() {
    try {
      claimStores();
    } catch (IOException e) {
      throw new RegistryUnavailableException(e.getMessage(), e);
    }
  }

  /** False if this can never record anything again, so that the process is to be restarted. */
  public boolean isAlive() {
    return lane.isAlive();
  }

  /** Whether a server of this registry runs now, or did some seconds ago and was killed. */
  public boolean isServed() {
    return Availability.read(jdbi, Leadership::isLed);
  }

  /** The stores by name, with how each stands to this log. Changes nothing. */
  public Map<String, Standing> stores() throws IOException {
    Map<String, Standing> standings = new LinkedHashMap<>();
    for (BlobStores.Named store : stores.all()) {
      standings.put(store.name(), Availability.guard(() -> claims.standing(store)));
    }
    return standings;
  }

  /**
   * Makes a store this log's, whoever it belonged to, and begins a new {@linkplain LogIdentity
   * epoch}. To be called when nobody else uses the store. What the log does not know in it is
   * collected after a whole grace period.
   *
   * @return how it stood before; empty if there is no store of that name
   * @throws IOException if the store cannot be used or somebody else marks it meanwhile; then the
   *     event may be there, and it is to be done again
   */
  public Optional<Standing> takeOver(Caller caller, String name) throws IOException {
    Optional<BlobStores.Named> store = claims.find(name);
    if (store.isEmpty()) {
      return Optional.empty();
    }
    Standing before = Availability.guard(() -> claims.standing(store.get()));
    Optional<String> marker =
        switch (before) {
          case Standing.Owned owned -> Optional.of(owned.text());
          case Standing.Fresh() -> Optional.empty();
          case Standing.Refused refused -> refused.text();
        };
    Optional<UUID> log =
        switch (before) {
          case Standing.Owned owned -> owned.marker().log();
          case Standing.Fresh() -> Optional.empty();
          case Standing.Refused refused -> refused.marker().flatMap(StoreMarker::log);
        };
    Availability.guard(
        () ->
            lane.submit(
                new TakeStoreOver(actors.id(caller.actor()), caller.requestId(), name, log)));
    if (!Availability.guard(() -> claims.takeOver(store.get(), marker))) {
      throw new IOException(
          "store " + name + " was marked by somebody else meanwhile; look at it again");
    }
    return Optional.of(before);
  }

  // ---- holds

  /** What nobody may remove. */
  public Holds holds() {
    return holds;
  }

  // ---- collecting

  /** What removes that which nobody can reach any more, to be run now or asked about. */
  public Collector collector() {
    return collector;
  }

  /**
   * Starts the work that goes on by itself, on one of the nodes over a database: following the log,
   * collecting as the options say, removing from the stores what was given up, and delivering
   * events to webhooks. Ends with {@link #close}. To be called once, before the registry is shared
   * between threads.
   *
   * @param beforeCollecting is run before each collection, such as the evaluation of a retention
   *     policy; if it throws, there is no collection
   * @throws RegistryUnavailableException if a store is not this log's; see {@link #claimStores}
   */
  public void startBackground(Runnable beforeCollecting) {
    requireOwnStores();
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
                claims,
                beforeCollecting,
                webhooks,
                meters));
  }

  /** How much nobody can reach, past grace or not. */
  public Waiting waiting() {
    return Availability.guard(collector::waiting);
  }

  /** Whether this node is the one that does that work. */
  public boolean leads() {
    return leadership.leading();
  }

  /**
   * Takes note that a manifest was pulled, as {@link RegistryOptions#pulls} says; see {@link
   * PullRecording} for when it is on record.
   *
   * @param tag by which; absent: by digest
   * @throws RegistryUnavailableException if every pull is to be recorded and this one cannot be
   */
  public void pulled(Caller caller, RepositoryName repository, Digest digest, Optional<Tag> tag) {
    pulls.pulled(caller, repository, digest, tag);
  }

  /**
   * Takes note that bytes of a blob were asked for. Unless {@link RegistryOptions#pulls} says
   * {@link PullRecording#OFF}, that many were is on record a minute later.
   */
  public void pulledBlob(Caller caller, RepositoryName repository) {
    pulls.pulledBlob(caller, repository);
  }

  // ---- the registry's own work: retention and the like

  /**
   * Records the next of the tags that were too many to be recorded with the deletion of their
   * manifest; returns whether there may be more. They are gone anyway. The node that leads does
   * this by itself; one without background work may do it here, in one thread.
   */
  public boolean recordBuriedTags() {
    return buriedTags.step();
  }

  /**
   * Decides a command in the lane and appends what follows; returns when that is durable.
   *
   * @throws RegistryUnavailableException if the database is away
   */
  public <R> R submit(Command<R> command) {
    return append(command);
  }

  /** The same for somebody, who may have given a reason. */
  public <R> R submit(Caller caller, Command<R> command) {
    return append(command.because(caller.reason()));
  }

  /** What may not go or move; to be asked in the lane by whoever submits commands of its own. */
  public Protection protection() {
    return protection;
  }

  /**
   * Says that the clock is right, whatever it looked like: the log's time goes on from there, and
   * what is due may be removed again.
   *
   * @return what the clock read
   * @throws RegistryUnavailableException if the database is away, or its clock is far from this
   *     node's: one of them is surely wrong
   */
  public Instant confirmClock(Caller caller) {
    return append(new ConfirmClock(actors.id(caller.actor()), caller.requestId()));
  }

  /** Why nothing may be removed for now, or not even appended, if so. Looks at the clocks. */
  public Optional<String> clockDoubt() {
    return Availability.read(jdbi, clock::look);
  }

  /** What an operator must see to though pulls go on, as far as is known. */
  public List<String> alarms() {
    return alarms.now();
  }

  /**
   * Has {@link #alarms} ask somebody else too.
   *
   * @param name for the metric; used once
   * @param says what is wrong and what to do, fit for anybody to read; empty while nothing is. Must
   *     not throw, and must answer soon, to any thread
   */
  public void registerAlarm(String name, Supplier<Optional<String>> says) {
    alarms.register(name, says);
  }

  /** The id that the log has for a name, which becomes known with this call if need be. */
  public ActorId actorId(String name) {
    return actors.id(name);
  }

  // ---- the record

  /** What is kept of the past. */
  public Archive archive() {
    return archive;
  }

  /**
   * A page of events, current to the last one. A page costs a few look-ups, however long the log
   * and however rare what is looked for, unless a glob means hundreds of repositories.
   *
   * @throws RegistryUnavailableException also while the index of events is far behind, as it is
   *     when it is new
   */
  public EventPage events(EventQuery query) {
    return events.page(query);
  }

  /** The event at a position; empty if there is none yet. */
  public Optional<EventEntry> event(long position) {
    return events.list(position - 1, 1, EventFilter.ALL).stream()
        .filter(event -> event.position() == position)
        .findFirst();
  }

  /** Whether any event speaks of a digest. */
  public boolean mentioned(Digest digest) {
    EventFilter filter = EventFilter.ALL.ofDigest(digest);
    return !events(new EventQuery(filter, -1, Long.MAX_VALUE, true, 1)).events().isEmpty();
  }

  /** Indexes all events that there are, which takes long if nobody has done so before. */
  public void indexEvents() {
    events.index();
  }

  /** What the log is called, which no other one is. Empty while there is no event. */
  public Optional<LogIdentity> logIdentity() {
    return events.identity();
  }

  /** Who is told of events, and how that goes. */
  public Webhooks webhooks() {
    return webhooks;
  }

  /** At most {@code limit} events after a position (-1 for the start), in order. */
  public List<EventEntry> events(long after, int limit, EventFilter filter) {
    return events.list(after, limit, filter);
  }

  /**
   * The position of the newest event on record, -1 if there is none: asked of the database, not of
   * what this node heard.
   *
   * @throws RegistryUnavailableException if the database is away
   */
  public long newestPosition() {
    return Availability.read(jdbi, LogReader::nextPosition) - 1;
  }

  /**
   * Waits until there is an event after a position, or the time is over. Whoever waits holds
   * nothing and costs the database nothing.
   *
   * @return whether there is one, as far as this node knows
   */
  public boolean awaitEvent(long after, Duration timeout) throws InterruptedException {
    return signal.await(after + 1, timeout);
  }

  /**
   * What is new after a position. Those who are up to date share one reading of the log.
   *
   * @param limit how many events at most, at least 1
   * @throws RegistryUnavailableException if the database is away
   */
  public News news(long after, EventFilter filter, int limit) throws InterruptedException {
    return events.news(after, filter, limit);
  }

  /** How far this node knows the log to reach: the position after the newest event. */
  public long knownPosition() {
    return signal.known();
  }

  /** A tag's history, newest first: at most {@code limit} periods that began before a position. */
  public Outcome<List<TagView.Period>> tagHistory(
      RepositoryName repository, Tag tag, int limit, Optional<Long> beforePosition) {
    return Availability.read(
        audit,
        handle -> {
          List<TagView.Period> periods =
              TagView.history(
                  handle, repository, tag, beforePosition.orElse(Long.MAX_VALUE), limit);
          if (!periods.isEmpty() || beforePosition.isPresent()) {
            return Outcome.ok(periods);
          }
          return Outcome.refused(
              RepositoryView.exists(handle, repository)
                  ? new Refusal.UnknownManifest(repository, tag)
                  : new Refusal.UnknownRepository(repository));
        });
  }

  /**
   * Reads everything that is stored again and re-hashes it; see {@link Scrub}. A damaged object
   * counts as absent from then on, so that pushing its content again repairs it. May take very
   * long; interrupt the thread to stop it.
   *
   * @param bytesPerSecond how fast stored objects are read at most
   * @param findings is told of each finding as it is made
   * @throws IOException if a store cannot be used, or the thread was interrupted
   */
  public Scrub.Summary scrub(Caller caller, long bytesPerSecond, Consumer<Finding> findings)
      throws IOException {
    return new Scrub(audit, stores, options.sparseManifests(), this::append)
        .run(actors.id(caller.actor()), caller.requestId(), bytesPerSecond, findings);
  }

  /** Replays the log and compares the result with the live views. */
  public Verification.Report verifyProjections() {
    return Availability.guard(() -> new Verification(new LogReader(codec)).run(audit));
  }

  /**
   * Returns if the database and every store can be used.
   *
   * @throws RegistryUnavailableException saying which cannot, and why
   */
  public void checkReady() {
    readiness.check();
  }

  /**
   * Records the pulls that were counted and finishes the commands that are queued. The stores and
   * the database are the caller's to close.
   */
  @Override
  public void close() {
    webhooks.close();
    background.ifPresent(Background::close);
    uploadExpiry.ifPresent(UploadExpiry::close);
    pulls.close();
    promises.close();
    lane.close();
    currentTags.close();
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
