package dev.stele.gc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.claim.StoreClaims;
import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.database.TestFolder;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Initiator;
import dev.stele.event.RecordedEvent;
import dev.stele.event.Somebody;
import dev.stele.log.AppendLane;
import dev.stele.log.ClockWatch;
import dev.stele.log.Command;
import dev.stele.log.LogReader;
import dev.stele.log.LogSignal;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.InlineProjections;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.SmallParts;
import dev.stele.projection.Verification;
import dev.stele.sql.Values;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Random graphs (tags, indexes in indexes, manifests as layers and layers as children, digests that
 * are a manifest's and a blob's in any order, subjects that come late or never, cycles of liveness,
 * shared layers, several repositories) and random histories: what the view says is unreachable, and
 * since when, is what a full trace after every event says; a collection takes exactly that; and a
 * rebuild from the log gives the same rows.
 */
class ReachabilityPropertyTest {
  private static final int STEPS = 60;
  private static final Duration NO_GRACE = Duration.ZERO;

  private static TestFolder folder;
  private static DiskBlobStore store;
  private static TestDatabase testDatabase;
  private static Database database;
  private static LogSignal signal;
  private static AppendLane lane;
  private static Collector collector;
  private static int tries;

  private static final ManifestDocuments DOCUMENTS = new ManifestDocuments();
  private static final LogReader READER = new LogReader(new EventCodec());

  @BeforeContainer
  static void open() throws IOException {
    folder = TestFolder.create();
    store = new DiskBlobStore(folder.path());
    testDatabase = TestDatabase.create();
    database = testDatabase.open();
    signal = new LogSignal(database::openDedicated);
    ClockWatch clock = new ClockWatch(ClockWatch.DEFAULT_TOLERANCE);
    lane =
        new AppendLane(
            database::openDedicated,
            new EventCodec(),
            new InlineProjections(DOCUMENTS),
            clock,
            signal,
            new SimpleMeterRegistry());
    Initiator collecting = Somebody.random();
    BlobStores stores = new BlobStores(store);
    StoreClaims claims = new StoreClaims(database.jdbi(), stores);
    claims.require();
    collector =
        new Collector(
            database.jdbi(),
            lane,
            clock,
            READER,
            stores,
            claims,
            new ProjectionRunner(database.jdbi(), READER, SmallParts.reachability(DOCUMENTS)),
            _ -> collecting,
            new Promises(database.jdbi(), Duration.ZERO),
            GcOptions.DEFAULT.withGrace(NO_GRACE));
    collector.manifests().plan = 2; // much is larger than a plan
  }

  @AfterContainer
  static void close() throws IOException {
    assertThat(new Verification(READER).run(database.jdbi()).results())
        .allMatch(Verification.Result::equal);
    lane.close();
    signal.close();
    database.close();
    testDatabase.close();
    store.close();
    folder.close();
  }

  @Property(tries = 12, shrinking = ShrinkingMode.OFF)
  void theViewIsWhatAFullTraceSays(@ForAll long seed) {
    Try one = new Try(new Random(seed), tries++);
    for (int step = 0; step < STEPS; step++) {
      one.step();
    }
    one.compare();
    one.releaseAll();
    one.collect();
    assertThat(one.model.unlinked()).isEmpty();
  }

  /** Appends events as they are, with the documents that they speak of. */
  private record Append(
      List<Event> events, Map<Digest, ReachabilityModel.Node> nodes, RetentionPolicy policy)
      implements Command<List<Long>> {
    private static final Initiator SOMEBODY = Somebody.random();

    @Override
    public Initiator initiator() {
      return SOMEBODY;
    }

    @Override
    public List<Long> decide(Decision decision) {
      List<Long> positions = new ArrayList<>();
      for (Event event : events) {
        switch (event) {
          case Event.ManifestPut put ->
              decision.write(
                  DOCUMENTS,
                  ManifestDocuments.Document.read(put.digest(), nodes.get(put.digest()).bytes()));
          case Event.RetentionPolicyAdopted _ ->
              RecordDocuments.add(
                  decision.handle(),
                  new RecordDocuments.Document(
                      PolicyDocument.MEDIA_TYPE, PolicyDocument.write(policy)));
          default -> {}
        }
        positions.add(
            event instanceof Event.TagDeleted && events.getFirst() instanceof Event.ManifestDeleted
                ? decision.append(event, Cause.digestDelete("its manifest"))
                : decision.append(event));
      }
      return positions;
    }
  }

  /** One history over a graph of its own. */
  private static final class Try {
    private final Random random;
    private final String prefix;
    private final List<RepositoryName> names;
    private final List<Digest> blobs;
    private final List<ReachabilityModel.Node> pool = new ArrayList<>();
    private final List<Tag> tags = Stream.of("a", "b", "c", "d").map(Tag::parse).toList();
    private final ReachabilityModel model;
    private int holds;

    Try(Random random, int number) {
      this.random = random;
      this.prefix = "try" + number + "/";
      this.names =
          Stream.of("one", "two", "three").map(n -> RepositoryName.parse(prefix + n)).toList();
      this.blobs =
          new ArrayList<>(IntStream.range(0, 6).mapToObj(n -> digest("blob " + n)).toList());
      Map<Digest, ReachabilityModel.Node> nodes = new LinkedHashMap<>();
      for (int n = 0; n < 14; n++) {
        ReachabilityModel.Node node = node(n);
        pool.add(node);
        nodes.put(node.digest(), node);
        if (random.nextInt(4) == 0) {
          blobs.add(node.digest()); // Its bytes can be uploaded, too.
        }
      }
      this.model = new ReachabilityModel(nodes);
      adopt(RetentionPolicy.NONE);
    }

    private Digest digest(String what) {
      return Digest.of(Digest.Algorithm.SHA256, (prefix + what).getBytes(StandardCharsets.UTF_8));
    }

    /** An image or an index over what came before, with or without a subject. */
    private ReachabilityModel.Node node(int number) {
      List<Digest> lists = new ArrayList<>();
      boolean index = number > 3 && random.nextInt(5) < 2;
      for (int entries = 1 + random.nextInt(3); entries > 0; entries--) {
        // Usually manifests in an index and blobs in an image.
        boolean manifest = number > 0 && (index == (random.nextInt(4) > 0));
        lists.add(manifest ? any(pool).digest() : any(blobs));
      }
      Optional<Digest> subject =
          number > 1 && random.nextInt(5) < 2
              // A subject among the children makes a cycle; one outside of the pool never comes.
              ? Optional.of(
                  index && random.nextBoolean()
                      ? lists.getFirst()
                      : random.nextInt(8) == 0
                          ? digest("never")
                          : pool.get(random.nextInt(pool.size())).digest())
              : Optional.empty();
      TestManifest manifest =
          index
              ? TestManifest.index().list("manifests", "a/b", lists)
              : TestManifest.artifact(lists.getFirst())
                  .list("layers", "a/b", lists.subList(1, lists.size()));
      manifest.subject(subject).annotation("n", prefix + number);
      return new ReachabilityModel.Node(
          manifest.digest(), manifest.bytes(), manifest.mediaType(), subject, lists);
    }

    private <T> T any(List<T> of) {
      return of.get(random.nextInt(of.size()));
    }

    void step() {
      switch (random.nextInt(23)) {
        case 0, 1, 2, 3, 4, 5 -> put();
        case 6, 7, 8 -> link();
        case 9, 10 -> tag();
        case 11, 12 -> untag();
        case 13 -> deleteManifest();
        case 14 -> deleteBlob();
        case 15 -> adopt(policy());
        case 16 -> collect();
        case 17, 18, 19 -> compare();
        case 20, 21 -> hold();
        case 22 -> release();
        default -> throw new IllegalStateException();
      }
    }

    private RetentionPolicy policy() {
      return new RetentionPolicy(
          NO_GRACE,
          false,
          List.of(
              new RetentionPolicy.Policy(
                  List.of(RepositoryGlob.parse(any(names).value())),
                  new RetentionPolicy.Rules(random.nextBoolean(), random.nextBoolean(), List.of())),
              new RetentionPolicy.Policy(
                  List.of(RepositoryGlob.parse(prefix + "**")),
                  new RetentionPolicy.Rules(
                      random.nextBoolean(), random.nextBoolean(), List.of()))));
    }

    private void adopt(RetentionPolicy policy) {
      model.policy = policy;
      append(List.of(new Event.RetentionPolicyAdopted(policy.digest())));
    }

    private void append(List<Event> events) {
      List<Long> positions = lane.submit(new Append(events, model.nodes, model.policy));
      for (int i = 0; i < events.size(); i++) {
        model.apply(positions.get(i), events.get(i));
      }
    }

    private List<Event> creation(RepositoryName name) {
      return model.repositories.containsKey(name)
          ? List.of()
          : List.of(new Event.RepositoryCreated(name));
    }

    /** Of a repository, of several, of a tag or of a digest; some of what is not there. */
    private void hold() {
      boolean one = random.nextBoolean();
      int what = random.nextInt(4);
      Digest digest = random.nextBoolean() ? any(pool).digest() : any(blobs);
      append(
          List.of(
              new Event.HoldPlaced(
                  UUID.nameUUIDFromBytes((prefix + holds++).getBytes(StandardCharsets.UTF_8)),
                  one ? Optional.of(any(names)) : Optional.empty(),
                  one
                      ? Optional.empty()
                      : Optional.of(prefix + (random.nextBoolean() ? "t*" : "**")),
                  what == 0 ? Optional.of(any(tags)) : Optional.empty(),
                  what > 1 ? Optional.of(digest) : Optional.empty(),
                  random.nextBoolean(),
                  "a test")));
    }

    private void release() {
      if (!model.holds.isEmpty()) {
        release(any(List.copyOf(model.holds.values())));
      }
    }

    void releaseAll() {
      List.copyOf(model.holds.values()).forEach(this::release);
    }

    private void release(Event.HoldPlaced hold) {
      append(
          List.of(
              new Event.HoldReleased(
                  hold.hold(),
                  hold.repository(),
                  hold.repositories(),
                  hold.tag(),
                  hold.digest(),
                  "over",
                  List.of())));
    }

    private void link() {
      RepositoryName name = any(names);
      Digest blob = any(blobs);
      List<Event> events = new ArrayList<>(creation(name));
      if (events.isEmpty() && model.repositories.get(name).blobs.contains(blob)) {
        return;
      }
      events.add(
          model.stored.contains(blob)
              ? new Event.BlobMounted(name, blob, Optional.empty(), true)
              : new Event.BlobUploaded(
                  name, blob, 1, BlobStores.DEFAULT, "sha256/" + blob.hex(), true, true));
      append(events);
    }

    private void put() {
      RepositoryName name = any(names);
      ReachabilityModel.Node node = any(pool);
      List<Event> events = new ArrayList<>(creation(name));
      boolean added =
          !events.isEmpty() || !model.repositories.get(name).manifests.contains(node.digest());
      boolean tagged = random.nextBoolean();
      Tag tag = any(tags);
      events.add(
          new Event.ManifestPut(
              name,
              node.digest(),
              node.mediaType(),
              node.bytes().length,
              node.subject(),
              added,
              tagged ? List.of(tag) : List.of()));
      Optional<Digest> previous =
          Optional.ofNullable(model.repositories.get(name)).map(r -> r.tags.get(tag));
      if (tagged && !previous.equals(Optional.of(node.digest()))) {
        events.add(new Event.TagMoved(name, tag, node.digest(), previous));
      }
      append(events);
    }

    private Optional<RepositoryName> anyExisting() {
      List<RepositoryName> existing =
          names.stream().filter(model.repositories::containsKey).toList();
      return existing.isEmpty() ? Optional.empty() : Optional.of(any(existing));
    }

    private void tag() {
      anyExisting()
          .filter(name -> !model.repositories.get(name).manifests.isEmpty())
          .ifPresent(
              name -> {
                Digest digest = any(sorted(model.repositories.get(name).manifests));
                Tag tag = any(tags);
                Optional<Digest> previous =
                    Optional.ofNullable(model.repositories.get(name).tags.get(tag));
                if (!previous.equals(Optional.of(digest))) {
                  append(List.of(new Event.TagMoved(name, tag, digest, previous)));
                }
              });
    }

    private static List<Digest> sorted(Set<Digest> digests) {
      return digests.stream().sorted(Comparator.comparing(Digest::toString)).toList();
    }

    private void untag() {
      anyExisting()
          .ifPresent(
              name -> {
                Tag tag = any(tags);
                Digest digest = model.repositories.get(name).tags.get(tag);
                if (digest != null) {
                  append(List.of(new Event.TagDeleted(name, tag, digest)));
                }
              });
    }

    private void deleteManifest() {
      anyExisting()
          .filter(name -> !model.repositories.get(name).manifests.isEmpty())
          .ifPresent(
              name -> {
                Digest digest = any(sorted(model.repositories.get(name).manifests));
                List<Event> events = new ArrayList<>();
                events.add(new Event.ManifestDeleted(name, digest));
                model
                    .repositories
                    .get(name)
                    .tags
                    .forEach(
                        (tag, target) -> {
                          if (target.equals(digest)) {
                            events.add(new Event.TagDeleted(name, tag, digest));
                          }
                        });
                append(events);
              });
    }

    private void deleteBlob() {
      anyExisting()
          .filter(name -> !model.repositories.get(name).blobs.isEmpty())
          .ifPresent(
              name ->
                  append(
                      List.of(
                          new Event.BlobDeleted(
                              name, any(sorted(model.repositories.get(name).blobs))))));
    }

    /** Without grace, all that is unreachable goes and nothing else; bytes that are held stay. */
    void collect() {
      compare();
      long head = database.jdbi().withHandle(LogReader::nextPosition);
      assertThat(collector.run().failure()).isEmpty();
      Map<ReachabilityModel.Row, Long> expected = model.unreachable();
      Map<ReachabilityModel.Row, Long> taken = new HashMap<>();
      database
          .jdbi()
          .useHandle(
              handle ->
                  READER.replay(
                      handle,
                      head,
                      page ->
                          page.stream().filter(this::mine).forEach(event -> take(event, taken))));
      assertThat(taken)
          .isEqualTo(
              expected.entrySet().stream()
                  .filter(row -> !row.getKey().kind().equals("repository"))
                  .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
      assertThat(model.unreachable().keySet())
          .allMatch(row -> row.kind().equals("repository") && wholeHeld(row.repository()));
      assertThat(model.heldContent()).containsAll(model.unlinked().keySet());
      compare();
    }

    private boolean wholeHeld(String repository) {
      return model.holds.values().stream()
          .filter(hold -> hold.tag().isEmpty() && hold.digest().isEmpty())
          .anyMatch(hold -> ReachabilityModel.concerns(hold, RepositoryName.parse(repository)));
    }

    private boolean mine(RecordedEvent recorded) {
      return recorded
          .event()
          .place()
          .map(name -> name.value().startsWith(prefix))
          .orElse(
              recorded.event() instanceof Event.BlobSwept swept && blobs.contains(swept.digest()));
    }

    private void take(RecordedEvent recorded, Map<ReachabilityModel.Row, Long> taken) {
      switch (recorded.event()) {
        case Event.ManifestCollected gone ->
            taken.put(
                new ReachabilityModel.Row(
                    gone.repository().value(), gone.digest().toString(), "manifest"),
                gone.unreachableSince());
        case Event.BlobUnlinked gone ->
            taken.put(
                new ReachabilityModel.Row(
                    gone.repository().value(), gone.digest().toString(), "blob"),
                gone.unreachableSince());
        case Event.BlobSwept _, Event.RepositoryRemoved _ -> {}
        default -> throw new AssertionError("a collection appended " + recorded);
      }
      model.apply(recorded.position(), recorded.event());
    }

    void compare() {
      while (collector.follow() > 0) {
        // until the view is up
      }
      Map<ReachabilityModel.Row, Long> rows = new HashMap<>();
      Map<Digest, Long> unlinked = new HashMap<>();
      database
          .jdbi()
          .useHandle(
              handle -> {
                handle
                    .createQuery(
                        "SELECT repository, digest_text(digest), kind, since FROM unreachable WHERE"
                            + " starts_with(repository, :prefix)")
                    .bind("prefix", prefix)
                    .map(
                        (row, _) ->
                            rows.put(
                                new ReachabilityModel.Row(
                                    row.getString(1), row.getString(2), row.getString(3)),
                                row.getLong(4)))
                    .list();
                handle
                    .createQuery("SELECT digest, since FROM unlinked WHERE digest = ANY (:digests)")
                    .bind("digests", Values.digests(blobs))
                    .map((row, _) -> unlinked.put(Values.digest(row, 1), row.getLong(2)))
                    .list();
              });
      assertThat(rows).isEqualTo(model.unreachable());
      assertThat(unlinked).isEqualTo(model.unlinked());
    }
  }
}
