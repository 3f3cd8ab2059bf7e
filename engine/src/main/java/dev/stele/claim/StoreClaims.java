package dev.stele.claim;

import dev.stele.blob.BlobStores;
import dev.stele.log.LogIdentity;
import dev.stele.log.LogReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a log against the {@linkplain StoreMarker markers} of its stores.
 *
 * <p>A store is this log's if its marker has a claim of this database, and the log has the event
 * that the marker names. So a database is refused that has nothing to do with the store, one that
 * is an older copy than what was last acknowledged there, one that has gone another way since, and
 * one that is a copy from before the last change of the claim. A store that is older than the log,
 * as a restored bucket is, is still the log's.
 *
 * <p>INVARIANT: an upload is acknowledged when the marker names its event or a later one; see
 * {@link #cover}. Events that store nothing are named a second later, by whoever leads.
 *
 * <p>All methods block, and are safe for concurrent use. None holds a connection while it waits for
 * a store.
 */
public final class StoreClaims {
  private static final Logger logger = LoggerFactory.getLogger(StoreClaims.class);

  /** How often a marker is tried to be replaced while others replace it. */
  private static final int ATTEMPTS = 20;

  /** How often a glance looks. */
  private static final Duration GLANCES = Duration.ofSeconds(5);

  /** A store, with its marker as this process last saw or wrote it. */
  private static final class Known {
    private final ReentrantLock writing = new ReentrantLock();
    private volatile Optional<Standing.Owned> owned = Optional.empty();
    private volatile Optional<Standing.Refused> refused = Optional.empty();
    private boolean seen;
    private long lookedNanos = System.nanoTime() - GLANCES.toNanos();
  }

  private record Head(Optional<UUID> log, long position, String event, boolean hasMarked) {}

  /** Is told of each store that is this log's before this process replaces its marker. */
  @FunctionalInterface
  public interface FirstLook {
    void at(BlobStores.Named store, StoreMarker marker) throws IOException;
  }

  private final Jdbi jdbi;
  private final BlobStores stores;
  private final FirstLook firstLook;
  private volatile Optional<UUID> log = Optional.empty();
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  public StoreClaims(Jdbi jdbi, BlobStores stores) {
    this(jdbi, stores, (_, _) -> {});
  }

  /**
   * @param firstLook what it throws, whoever asked for the store gets
   */
  public StoreClaims(Jdbi jdbi, BlobStores stores, FirstLook firstLook) {
    this.jdbi = jdbi;
    this.stores = stores;
    this.firstLook = firstLook;
  }

  private Known known(BlobStores.Named store) {
    return known.computeIfAbsent(store.name(), _ -> new Known());
  }

  // ---- looking

  /**
   * Looks at a store; changes nothing.
   *
   * @throws IOException if the store cannot be read
   */
  public Standing standing(BlobStores.Named store) throws IOException {
    Optional<String> text = store.store().marker();
    if (text.isEmpty()) {
      return unmarked(store);
    }
    Optional<StoreMarker> marker = StoreMarker.parse(text.get());
    if (marker.isEmpty()) {
      return refused(store, text, marker, "has a marker that cannot be read: " + text.get());
    }
    return jdbi.withHandle(handle -> marked(handle, store, text.get(), marker.get()));
  }

  private Standing unmarked(BlobStores.Named store) throws IOException {
    if (!isEmpty(store)) {
      return refused(
          store,
          Optional.empty(),
          Optional.empty(),
          "has objects or uploads, and no marker that says whose they are");
    }
    boolean used =
        jdbi.withHandle(
            handle ->
                handle
                    .createQuery("SELECT EXISTS (SELECT FROM blob_object WHERE store = :store)")
                    .bind("store", store.name())
                    .mapTo(Boolean.class)
                    .one());
    return used
        ? refused(
            store,
            Optional.empty(),
            Optional.empty(),
            "is empty, but the log has blobs in it: look whether its folder is mounted, and its"
                + " path, bucket and prefix are right")
        : new Standing.Fresh();
  }

  private static boolean isEmpty(BlobStores.Named store) throws IOException {
    try (Stream<?> objects = store.store().objects();
        Stream<?> uploads = store.store().uploads()) {
      return objects.findFirst().isEmpty() && uploads.findFirst().isEmpty();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private Standing marked(Handle handle, BlobStores.Named store, String text, StoreMarker marker) {
    boolean claimed =
        handle
            .createQuery(
                """
                SELECT EXISTS (SELECT FROM store_claim WHERE store = :store AND claim = :claim)
                """)
            .bind("store", store.name())
            .bind("claim", marker.claim())
            .mapTo(Boolean.class)
            .one();
    Head head = head(handle, marker);
    if (claimed && head.hasMarked()) {
      return new Standing.Owned(text, marker);
    }
    String reason;
    boolean ours = claimed || marker.log().equals(head.log());
    if (!head.hasMarked() && ours && marker.position() <= head.position()) {
      reason =
          ("was taken over by another copy of this registry, such as an older backup that was run:"
               + " that one's event at position %d is another than this one's, so the two logs part"
               + " at or before it. Decide which one goes on, and stop the other")
              .formatted(marker.position());
    } else if (!head.hasMarked() && ours) {
      reason =
          ("is ahead of the log: events up to position %d were acknowledged on it that this"
               + " database, whose log ends at %d, does not have; it is an older copy, or one that"
               + " went another way: restore the newest database")
              .formatted(marker.position(), head.position());
    } else if (head.hasMarked() && marker.log().isPresent() && marker.log().equals(head.log())) {
      reason =
          "is used by another copy of this database, which claimed it after this one was copied:"
              + " give this one a store of its own, or stop that one";
    } else {
      reason =
          "belongs to another registry (%s), not to this one (%s): configure a folder, bucket or prefix of its own"
              .formatted(name(marker.log()), name(head.log()));
    }
    return refused(store, Optional.of(text), Optional.of(marker), reason);
  }

  private static String name(Optional<UUID> log) {
    return log.map(id -> "log " + id).orElse("whose log is empty");
  }

  private static Standing refused(
      BlobStores.Named store, Optional<String> text, Optional<StoreMarker> marker, String reason) {
    return new Standing.Refused(
        text,
        marker,
        ("store %s %s. Nothing is written to it or removed from it. If it is to be this registry's"
                + " all the same, stop whoever else uses it and run 'stele store take-over %s'")
            .formatted(store.name(), reason, store.name()));
  }

  private Head head(Handle handle, StoreMarker marker) {
    if (log.isEmpty()) {
      log = LogIdentity.read(handle).map(LogIdentity::id);
    }
    return handle
        .createQuery(
            """
            SELECT newest.position, encode(sha256(newest.leaf), 'hex'), encode(sha256(marked.leaf), 'hex')
            FROM (SELECT position, leaf FROM event ORDER BY position DESC LIMIT 1) AS newest
            LEFT JOIN event marked ON marked.position = :marked
            """)
        .bind("marked", marker.position())
        .map(
            (row, _) ->
                new Head(
                    log,
                    row.getLong(1),
                    row.getString(2),
                    marker.position() < 0 || marker.event().equals(row.getString(3))))
        .findOne()
        .orElseGet(() -> new Head(log, -1, "", marker.position() < 0));
  }

  // ---- claiming

  /**
   * Returns if every store is this log's; claims what is fresh. Asks a store once, until something
   * shows that it is another's.
   *
   * @throws StoreRefusedException if one is not
   * @throws IOException if one cannot be used
   */
  public void require() throws IOException {
    for (BlobStores.Named store : stores.all()) {
      if (known(store).owned.isEmpty()) {
        verify(store);
      }
    }
  }

  /**
   * Returns if a store is this log's now; claims it if it is fresh. To be asked before anything is
   * removed from it.
   *
   * @throws StoreRefusedException if it is not
   * @throws IOException if it cannot be used
   */
  public void verify(BlobStores.Named store) throws IOException {
    Known here = known(store);
    here.writing.lock();
    try {
      Standing.Owned _ = look(store, here);
    } finally {
      here.writing.unlock();
    }
  }

  /** Why a store was found not to be this log's when it was last looked at, if so. */
  public Optional<String> refusal(BlobStores.Named store) {
    return known(store).refused.map(Standing.Refused::reason);
  }

  /**
   * Looks at a store as {@link #verify} does, for {@link #refusal} to know, unless somebody is at
   * it or did so in the last {@link #GLANCES} and found it well. To be asked now and then.
   *
   * @throws StoreRefusedException if it has no marker although the log has blobs in it, as where a
   *     disk is not mounted: then none of them is there
   * @throws IOException if it cannot be used
   */
  public void glance(BlobStores.Named store) throws IOException {
    Known here = known(store);
    if (!here.writing.tryLock()) {
      return;
    }
    try {
      if (here.refused.isPresent() || System.nanoTime() - here.lookedNanos >= GLANCES.toNanos()) {
        here.lookedNanos = System.nanoTime();
        Standing.Owned _ = look(store, here);
      }
    } catch (StoreRefusedException _) {
      // is told below
    } finally {
      here.writing.unlock();
    }
    Optional<Standing.Refused> refused = here.refused.filter(known -> known.text().isEmpty());
    if (refused.isPresent()) {
      throw new StoreRefusedException(store.name(), refused.get().reason());
    }
  }

  /** What the store says now. Whoever asks holds the lock. */
  private Standing.Owned look(BlobStores.Named store, Known here) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      here.owned = Optional.empty();
      switch (standing(store)) {
        case Standing.Owned owned -> {
          if (!here.seen) {
            firstLook.at(store, owned.marker());
            here.seen = true;
          }
          here.owned = Optional.of(owned);
          here.refused = Optional.empty();
          return owned;
        }
        case Standing.Refused refused -> {
          here.refused = Optional.of(refused);
          throw new StoreRefusedException(store.name(), refused.reason());
        }
        case Standing.Fresh() -> {
          if (write(store, here, Optional.empty(), newClaim(store))) {
            logger.info("store {} is new and belongs to this registry from now on", store.name());
            return here.owned.orElseThrow();
          }
        }
      }
    }
    throw new IOException("the marker of store " + store.name() + " does not stay as it is read");
  }

  private UUID newClaim(BlobStores.Named store) {
    UUID claim = UUID.randomUUID();
    // First here, so that a marker never has one that the database does not know.
    jdbi.useHandle(
        handle ->
            handle
                .createUpdate("INSERT INTO store_claim (store, claim) VALUES (:store, :claim)")
                .bind("store", store.name())
                .bind("claim", claim)
                .execute());
    return claim;
  }

  /** Replaces the marker by one of this claim that names the newest event. */
  private boolean write(
      BlobStores.Named store, Known here, Optional<Standing.Owned> current, UUID claim)
      throws IOException {
    Head head =
        jdbi.withHandle(
            handle ->
                head(
                    handle,
                    current
                        .map(Standing.Owned::marker)
                        .orElse(new StoreMarker(claim, Optional.empty(), -1, ""))));
    if (!head.hasMarked()) {
      // This database is not what it was: look at the store and say so.
      return false;
    }
    return write(store, here, current.map(Standing.Owned::text), claim, head);
  }

  private static boolean write(
      BlobStores.Named store, Known here, Optional<String> text, UUID claim, Head head)
      throws IOException {
    StoreMarker next = new StoreMarker(claim, head.log(), head.position(), head.event());
    boolean marked = false;
    try {
      marked = store.store().mark(text, next.toJson());
    } finally {
      // Whoever asks meanwhile is told of the marker before, which was ours; what became of it when
      // that failed, nobody knows.
      here.owned = marked ? Optional.of(new Standing.Owned(next.toJson(), next)) : Optional.empty();
    }
    if (marked) {
      here.refused = Optional.empty();
    }
    return marked;
  }

  // ---- keeping up

  /**
   * Returns when a store's marker names the event at a position, or a later one. Of many callers at
   * once few write, each the newest event there is then.
   *
   * @throws StoreRefusedException if the store is not this log's any more
   * @throws IOException if it cannot be written
   */
  public void cover(BlobStores.Named store, long wanted) throws IOException {
    Known here = known(store);
    if (covers(here, wanted)) {
      return;
    }
    here.writing.lock();
    try {
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (here.owned.isEmpty()) {
          Standing.Owned _ = look(store, here);
        }
        if (covers(here, wanted)) {
          return;
        }
        Standing.Owned current = here.owned.orElseThrow();
        if (write(store, here, Optional.of(current), current.marker().claim())) {
          return;
        }
        here.owned = Optional.empty();
      }
      throw new IOException("the marker of store " + store.name() + " is replaced all the time");
    } finally {
      here.writing.unlock();
    }
  }

  private static boolean covers(Known here, long position) {
    return here.owned.filter(owned -> owned.marker().position() >= position).isPresent();
  }

  /** As {@link #cover} up to the newest event, for every store that this process has used. */
  public void cover() throws IOException {
    long newest = jdbi.withHandle(LogReader::nextPosition) - 1;
    for (BlobStores.Named store : stores.all()) {
      if (known.containsKey(store.name())) {
        cover(store, newest);
      }
    }
  }

  /**
   * Replaces the claim on a store, so that copies of the database from before are known as such.
   * What fails is tried again another time.
   */
  public void renew(BlobStores.Named store) throws IOException {
    Known here = known(store);
    here.writing.lock();
    try {
      Standing.Owned current = look(store, here);
      if (!write(store, here, Optional.of(current), newClaim(store))) {
        Standing.Owned _ = look(store, here);
      }
    } finally {
      here.writing.unlock();
    }
  }

  // ---- taking over

  /** The store of that name, if there is one. */
  public Optional<BlobStores.Named> find(String name) {
    return stores.all().stream().filter(store -> store.name().equals(name)).findFirst();
  }

  /**
   * Marks a store as this log's, whatever it said. What lies in it that the log does not know gets
   * a whole new grace period.
   *
   * @param expected the marker that the operator decided about
   * @return false if the store has another marker by now
   */
  public boolean takeOver(BlobStores.Named store, Optional<String> expected) throws IOException {
    Known here = known(store);
    here.writing.lock();
    try {
      jdbi.useHandle(
          handle ->
              handle
                  .createUpdate("DELETE FROM store_leftover WHERE store = :store")
                  .bind("store", store.name())
                  .execute());
      UUID claim = newClaim(store);
      Head head =
          jdbi.withHandle(handle -> head(handle, new StoreMarker(claim, Optional.empty(), -1, "")));
      return write(store, here, expected, claim, head);
    } finally {
      here.writing.unlock();
    }
  }
}
