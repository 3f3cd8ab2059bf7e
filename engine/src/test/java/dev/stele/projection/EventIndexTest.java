package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Facet;
import dev.stele.event.Facets;
import dev.stele.event.RecordedEvent;
import dev.stele.event.Somebody;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The index over many blocks of a log that is made up: what it finds is what filtering finds. */
class EventIndexTest {
  private static final int BLOCKS = 9;
  private static final int EVENTS = BLOCKS * PositionSet.BLOCK + 5 * PositionSet.WORD;
  private static final long SEED = 20_260_303;

  private static TestDatabase testDatabase;
  private static Database database;
  private static final List<Set<Facet>> FACETS = new ArrayList<>();

  /** Some things are everywhere, some in a few stretches of the log, some happen once. */
  private static RecordedEvent event(long position, Random random) {
    int era = (int) (position / 20_000);
    RepositoryName repository =
        RepositoryName.parse("team-" + era % 3 + "/app-" + random.nextInt(4));
    Digest digest =
        Digest.of(
            Digest.Algorithm.SHA256,
            new byte[] {(byte) (random.nextInt(50) == 0 ? 100 + era : random.nextInt(3))});
    Tag tag = Tag.parse(random.nextInt(10_000) == 0 ? "rare" : "t" + random.nextInt(2));
    return Somebody.did(
        Somebody.numbered(random.nextInt(1000) == 0 ? era : 99),
        random.nextInt(500) == 0
            ? new Event.BlobDeleted(repository, digest)
            : new Event.TagMoved(repository, tag, digest, Optional.empty()),
        random.nextInt(3000) == 0 ? Cause.COLLECTOR : Cause.CLIENT_REQUEST,
        position,
        Instant.EPOCH,
        new UUID(0, 0));
  }

  @BeforeAll
  static void index() {
    testDatabase = TestDatabase.create();
    database = testDatabase.open();
    EventIndexView view = new EventIndexView();
    Random random = new Random(SEED);
    List<RecordedEvent> page = new ArrayList<>();
    for (long position = 0; position < EVENTS; position++) {
      RecordedEvent event = event(position, random);
      FACETS.add(Facets.of(event));
      page.add(event);
      // Pages of many lengths, over the borders of blocks, too.
      if (page.size() % PositionSet.WORD == 0
          && (random.nextInt(20) == 0 || position == EVENTS - 1)) {
        database.jdbi().useTransaction(handle -> view.apply(handle, page));
        page.clear();
      }
    }
    assertThat(page).isEmpty();
  }

  @AfterAll
  static void close() {
    database.close();
    testDatabase.close();
  }

  private static List<Long> expected(
      List<Set<Facet>> groups, long low, long high, boolean newestFirst, int limit) {
    return LongStream.rangeClosed(Math.max(low, 0), Math.min(high, EVENTS - 1))
        .map(
            position ->
                newestFirst ? Math.max(low, 0) + Math.min(high, EVENTS - 1) - position : position)
        .filter(
            position ->
                groups.stream()
                    .noneMatch(group -> Collections.disjoint(group, FACETS.get((int) position))))
        .limit(limit)
        .boxed()
        .toList();
  }

  private static List<Long> found(
      List<Set<Facet>> groups, long low, long high, boolean newestFirst, int limit) {
    return database
        .jdbi()
        .withHandle(handle -> EventIndex.find(handle, groups, low, high, newestFirst, limit));
  }

  private static List<Facet> everyFacet() {
    return FACETS.stream()
        .flatMap(Set::stream)
        .distinct()
        .sorted(java.util.Comparator.comparing(Facet::kind).thenComparing(Facet::value))
        .toList();
  }

  @Test
  void everyMixFindsWhatFilteringFinds() {
    List<Facet> facets = everyFacet();
    assertThat(facets).hasSizeGreaterThan(40);
    Random random = new Random(SEED + 1);
    int hits = 0;
    for (int round = 0; round < 300; round++) {
      List<Set<Facet>> groups = new ArrayList<>();
      for (int group = random.nextInt(3); group >= 0; group--) {
        groups.add(
            random.nextInt(4) == 0
                ? Set.copyOf(List.of(any(facets, random), any(facets, random), any(facets, random)))
                : Set.of(any(facets, random)));
      }
      long one = random.nextInt(EVENTS);
      long other =
          random.nextBoolean() ? random.nextInt(EVENTS) : random.nextBoolean() ? 0 : EVENTS;
      boolean newestFirst = random.nextBoolean();
      int limit = random.nextBoolean() ? 1 + random.nextInt(5) : 1 + random.nextInt(3000);
      List<Long> expected =
          expected(groups, Math.min(one, other), Math.max(one, other), newestFirst, limit);
      assertThat(found(groups, Math.min(one, other), Math.max(one, other), newestFirst, limit))
          .as("%s from %d to %d, seed %d, round %d", groups, one, other, SEED, round)
          .isEqualTo(expected);
      hits += expected.isEmpty() ? 0 : 1;
    }
    assertThat(hits).isBetween(100, 299);
  }

  private static Facet any(List<Facet> facets, Random random) {
    return facets.get(random.nextInt(facets.size()));
  }

  @Test
  void aGroupOfNothingAndAFacetThatNeverWasFindNothing() {
    Facet type = new Facet(Facet.Kind.TYPE, "TagMoved");
    assertThat(found(List.of(Set.of(type)), 0, EVENTS, true, 1)).hasSize(1);
    assertThat(found(List.of(Set.of(type), Set.of()), 0, EVENTS, true, 1)).isEmpty();
    Facet never = new Facet(Facet.Kind.TYPE, "Never");
    assertThat(found(List.of(Set.of(type), Set.of(never)), 0, EVENTS, false, 1)).isEmpty();
  }

  @Test
  void onlyWholeUnitsAreTaken() {
    EventIndexView view = new EventIndexView();
    Random random = new Random(SEED);
    List<RecordedEvent> few = List.of(event(EVENTS, random));
    assertThatThrownBy(() -> database.jdbi().useTransaction(handle -> view.apply(handle, few)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("whole units of 64");
  }

  /** What is stored for ever must not change by mistake. */
  @Test
  void theKeyOfAFacetIsTheBeginningOfAHash() {
    assertThat(new Facet(Facet.Kind.TYPE, "TagMoved").key())
        .hasToString("0f8a7c7a-c946-13de-87a7-735d5b67f5c4"); // printf 'TYPE\0TagMoved' | sha256sum
  }
}
