package dev.stele.gc;

import dev.stele.blob.BlobStores;
import dev.stele.blob.ObjectKey;
import dev.stele.claim.StoreClaims;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes from the stores what the log has given up. The log itself is the outbox: this follows the
 * events that give objects up, and its checkpoint moves when they are gone, so a removal is
 * repeated until it is done. A store that fails holds up the removals and nothing else.
 * Thread-safe.
 */
final class ObjectSweeper {
  private static final Logger logger = LoggerFactory.getLogger(ObjectSweeper.class);

  /** The types of event that give an object up. Each is followed by itself, along its index. */
  private static final List<String> TYPES = List.of("BlobSwept", "BlobRepaired", "OrphanSwept");

  private static final int PAGE = 1000;

  private record Given(String store, ObjectKey key) {}

  private final Jdbi jdbi;
  private final LogReader reader;
  private final Map<String, BlobStores.Named> stores = new HashMap<>();
  private final StoreClaims claims;
  private final int workers;

  ObjectSweeper(Jdbi jdbi, LogReader reader, BlobStores stores, StoreClaims claims, int workers) {
    this.jdbi = jdbi;
    this.reader = reader;
    this.claims = claims;
    this.workers = workers;
    stores.all().forEach(store -> this.stores.put(store.name(), store));
  }

  /**
   * Removes the next objects, at most {@value #PAGE} of each type.
   *
   * @return how many
   * @throws IOException if some could not be removed; they are tried again next time
   */
  int step() throws IOException {
    int removed = 0;
    for (String type : TYPES) {
      removed += step(type);
    }
    return removed;
  }

  private int step(String type) throws IOException {
    String follower = "sweep/" + type;
    LogCheckpoint checkpoint = jdbi.withHandle(handle -> LogCheckpoint.read(handle, follower));
    List<RecordedEvent> events =
        jdbi.withHandle(handle -> reader.events(handle, checkpoint.nextPosition(), type, PAGE));
    if (events.isEmpty()) {
      return 0;
    }
    remove(events.stream().flatMap(event -> given(event.event())).toList());
    long next = events.getLast().position() + 1;
    // If another process has it locked, that one is removing the same.
    return jdbi.inTransaction(
        handle -> {
          Optional<LogCheckpoint> now = LogCheckpoint.lock(handle, follower);
          now.filter(before -> before.nextPosition() < next)
              .ifPresent(before -> before.save(handle, next));
          return now.isPresent() ? events.size() : 0;
        });
  }

  private static Stream<Given> given(Event event) {
    return switch (event) {
      case Event.BlobSwept swept ->
          Stream.of(new Given(swept.store(), new ObjectKey(swept.objectKey())));
      case Event.BlobRepaired repaired ->
          Stream.of(new Given(repaired.store(), new ObjectKey(repaired.damagedKey())));
      case Event.OrphanSwept orphan ->
          Stream.of(new Given(orphan.store(), new ObjectKey(orphan.objectKey())));
      case Event.RepositoryEvent _,
          Event.BlobEvent _,
          Event.ManifestEvent _,
          Event.TagEvent _,
          Event.HoldEvent _,
          Event.RetentionEvent _,
          Event.BlobCorruptionFound _,
          Event.BlobFoundIntact _,
          Event.PullEvent _,
          Event.AccountEvent _,
          Event.OperatorEvent _ ->
          throw new IllegalArgumentException(event.type() + " gives up no object");
    };
  }

  private void remove(List<Given> objects) throws IOException {
    Map<String, List<ObjectKey>> byStore = new HashMap<>();
    for (Given object : objects) {
      byStore.computeIfAbsent(object.store(), _ -> new ArrayList<>()).add(object.key());
    }
    for (Map.Entry<String, List<ObjectKey>> each : byStore.entrySet()) {
      Optional<BlobStores.Named> store = Optional.ofNullable(stores.get(each.getKey()));
      if (store.isEmpty()) {
        logger.warn(
            "{} objects of store {} were given up, but there is no such store any more",
            each.getValue().size(),
            each.getKey());
      } else {
        remove(store.get(), each.getValue());
      }
    }
  }

  private void remove(BlobStores.Named store, List<ObjectKey> keys) throws IOException {
    claims.verify(store);
    int share = Math.ceilDiv(keys.size(), workers);
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int from = 0; from < keys.size(); from += share) {
        List<ObjectKey> mine = keys.subList(from, Math.min(from + share, keys.size()));
        running.add(
            threads.submit(
                () -> {
                  store.store().delete(mine);
                  return null;
                }));
      }
    }
    for (Future<?> each : running) {
      try {
        each.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while removing objects of store " + store.name(), e);
      } catch (ExecutionException e) {
        throw new IOException(
            "objects of store " + store.name() + " cannot be removed: " + e.getCause().getMessage(),
            e.getCause());
      }
    }
  }
}
