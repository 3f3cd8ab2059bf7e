package dev.stele.log;

import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * What a log is called. It has an epoch beside its id, since a database that was restored writes
 * other events at positions that had been used: whoever then takes a store over (which such a
 * database must, see {@code StoreTakenOver}) begins a new epoch. Immutable and thread-safe.
 *
 * @param id a UUID made from the first event, which no other log has
 * @param epochs by the position of the event that began each but the first
 */
public record LogIdentity(UUID id, NavigableMap<Long, String> epochs) {
  private static final int HASH_CHARACTERS = 16;

  /** The identity of the log; empty while it has no event. */
  public static Optional<LogIdentity> read(Handle handle) {
    Optional<UUID> id =
        handle
            .createQuery("SELECT leaf FROM event WHERE position = 0")
            .mapTo(byte[].class)
            .findOne()
            .map(UUID::nameUUIDFromBytes);
    if (id.isEmpty()) {
      return Optional.empty();
    }
    NavigableMap<Long, String> epochs = new TreeMap<>();
    handle
        .createQuery(
            """
            SELECT position, encode(sha256(leaf), 'hex') AS hash
            FROM event
            WHERE type = 'StoreTakenOver'
            ORDER BY position
            """)
        .map(
            (row, _) ->
                epochs.put(
                    row.getLong("position"),
                    // The hash, too: a copy may be restored, and a store taken over, more than
                    // once.
                    row.getLong("position")
                        + "-"
                        + row.getString("hash").substring(0, HASH_CHARACTERS)))
        .list();
    return Optional.of(new LogIdentity(id.get(), epochs));
  }

  /**
   * The epoch that an event is of: the position of the event that began it and the start of that
   * one's SHA-256 in hex, such as {@code 1204-5d41402abc4b2a76}. Empty in the first one.
   */
  public Optional<String> epoch(long position) {
    return Optional.ofNullable(epochs.floorEntry(position)).map(entry -> entry.getValue());
  }

  /**
   * What the log is called where an event is: its id, and in all but the first epoch that one after
   * a point. With the position it never comes twice.
   */
  public String name(long position) {
    return epoch(position).map(epoch -> id + "." + epoch).orElseGet(id::toString);
  }
}
