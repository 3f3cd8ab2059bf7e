package dev.stele.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.blob.OwnerOnly;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.LogProof;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.Tile;
import dev.stele.merkle.Tree;
import dev.stele.projection.TileView;
import dev.stele.sql.Values;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log as others can check it: how many events it has and the root of their tree, signed, and
 * the tiles and entries that lead from there to each event (C2SP tlog-tiles).
 *
 * <p>Nothing is signed that does not begin with all that was signed before, be that what the
 * database has of it or what lies in a file beside it: then an alarm says so, and writes go on.
 * Thread-safe.
 */
public final class SignedLog {
  private static final Logger logger = LoggerFactory.getLogger(SignedLog.class);

  /** Though nothing happened, so that others can tell a log that is still from one that is away. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private final Jdbi jdbi;
  private final Optional<LogSigning> signing;
  private final AtomicReference<Optional<String>> alarm = new AtomicReference<>(Optional.empty());

  SignedLog(Jdbi jdbi, Optional<LogSigning> signing) {
    this.jdbi = jdbi;
    this.signing = signing;
  }

  private record Signed(Checkpoint checkpoint, String note, Instant at) {}

  /** By which others check what this node signs; none if it does not. */
  public List<NoteKey> keys() {
    return signing.stream().flatMap(by -> by.keys().stream()).map(SigningKey::verifier).toList();
  }

  /**
   * What shows that an event is in the log; empty if it was not signed with that event yet.
   *
   * @param position of the event
   */
  public Optional<LogProof> proof(long position) {
    return Availability.read(
        jdbi,
        handle ->
            signed(handle)
                .filter(newest -> position >= 0 && position < newest.checkpoint().size())
                .map(
                    newest ->
                        new LogProof(
                            TileView.leaves(handle, position, 1).getFirst().bytes(),
                            position,
                            new Tree(TileView.source(handle), newest.checkpoint().size())
                                .inclusion(position),
                            SignedNote.parse(newest.note()))));
  }

  /** The newest signed checkpoint; empty if none was signed yet. */
  public Optional<SignedNote> newest() {
    return Availability.read(jdbi, SignedLog::signed).map(Signed::note).map(SignedNote::parse);
  }

  private static Optional<Signed> signed(Handle handle) {
    return handle
        .createQuery("SELECT note, signed_at FROM checkpoint WHERE only_row")
        .map(
            (row, _) -> {
              String note = row.getString("note");
              return new Signed(
                  Checkpoint.parse(SignedNote.parse(note).text()),
                  note,
                  Values.time(row, "signed_at"));
            })
        .findOne();
  }

  /**
   * The hashes of a tile, as many as are asked for; empty if the signed log has not as many.
   *
   * @param width up to {@link Tile#WIDTH}
   */
  public Optional<byte[]> tile(Tile tile, int width) {
    return Availability.read(
        jdbi,
        handle ->
            has(handle, tile, width)
                ? Optional.of(TileView.source(handle).read(tile))
                    .filter(hashes -> hashes.length >= width * Hash.BYTES)
                    .map(hashes -> Arrays.copyOf(hashes, width * Hash.BYTES))
                : Optional.empty());
  }

  /**
   * The leaves that the hashes of a tile of level 0 are of, each behind its length in two bytes;
   * empty if the signed log has not as many.
   */
  public Optional<byte[]> entries(long number, int width) {
    return Availability.read(
        jdbi,
        handle -> {
          if (!has(handle, new Tile(0, number), width)) {
            return Optional.empty();
          }
          List<LogReader.Leaf> leaves = TileView.leaves(handle, number * Tile.WIDTH, width);
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          try (DataOutputStream out = new DataOutputStream(bytes)) {
            for (LogReader.Leaf leaf : leaves) {
              out.writeShort(leaf.bytes().length);
              out.write(leaf.bytes());
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e); // Memory does not fail.
          }
          return leaves.size() == width ? Optional.of(bytes.toByteArray()) : Optional.empty();
        });
  }

  private static boolean has(Handle handle, Tile tile, int width) {
    return signed(handle)
        .filter(newest -> tile.width(newest.checkpoint().size()) >= width)
        .isPresent();
  }

  /** What an operator must see to; empty while nothing is wrong. */
  Optional<String> alarm() {
    return alarm.get();
  }

  /** Signs what the log is, if that is due. Only for the node that leads. */
  boolean step() {
    if (signing.isPresent()) {
      Optional<String> wrong = jdbi.inTransaction(handle -> sign(handle, signing.get()));
      if (!wrong.equals(alarm.getAndSet(wrong))) {
        wrong.ifPresentOrElse(
            reason -> logger.error("{}", reason), () -> logger.info("the log is signed again"));
      }
    }
    return false;
  }

  /** The result is why nothing can be signed, if that is so. */
  private static Optional<String> sign(Handle handle, LogSigning signing) {
    Optional<Signed> last = signed(handle);
    long next = LogReader.nextPosition(handle);
    long tiled = LogCheckpoint.read(handle, TileView.NAME).nextPosition();
    // Further than that the tree is not built yet.
    long size = next - tiled < Tile.WIDTH ? next : tiled;
    Instant now = Instant.now();
    if (last.isPresent()
        && last.get().checkpoint().size() == size
        && now.isBefore(last.get().at().plus(LONGEST))) {
      return Optional.empty();
    }
    Optional<Checkpoint> outside;
    try {
      outside = outside(signing.file());
    } catch (IOException | IllegalArgumentException e) {
      return Optional.of(
          "the last signed checkpoint in %s cannot be read, so the log is not signed: %s"
              .formatted(signing.file(), e.getMessage()));
    }
    Optional<String> wrong =
        last.map(Signed::checkpoint)
            .flatMap(before -> differs(handle, signing, before, size, "the database"))
            .or(
                () ->
                    outside.flatMap(
                        before ->
                            differs(handle, signing, before, size, signing.file().toString())));
    if (wrong.isPresent()) {
      return wrong;
    }
    if (outside.filter(before -> before.size() > size).isPresent()) {
      return Optional.empty(); // The tree is behind by some tiles, and not the log.
    }
    Checkpoint checkpoint =
        new Checkpoint(signing.origin(), size, new Tree(TileView.source(handle), size).root());
    SignedNote note = new SignedNote(checkpoint.body(), List.of());
    for (SigningKey key : signing.keys()) {
      note = note.with(key.sign(checkpoint, now));
    }
    try {
      // Before the database: what was ever shown to anybody is in the file.
      OwnerOnly.replace(signing.file(), note.toString().getBytes(UTF_8));
    } catch (IOException e) {
      return Optional.of(
          "the signed checkpoint cannot be kept in %s, so the log is not signed: %s"
              .formatted(signing.file(), e.getMessage()));
    }
    handle
        .createUpdate(
            """
            INSERT INTO checkpoint (note, signed_at) VALUES (:note, :at)
            ON CONFLICT (only_row) DO UPDATE SET note = excluded.note, signed_at = excluded.signed_at
            """)
        .bind("note", note.toString())
        .bind("at", now)
        .execute();
    return Optional.empty();
  }

  /** What is wrong if the log does not begin with what was signed. */
  private static Optional<String> differs(
      Handle handle, LogSigning signing, Checkpoint before, long size, String place) {
    String signed = "what was signed before (%,d events, in %s)".formatted(before.size(), place);
    if (!before.origin().equals(signing.origin())) {
      return Optional.of(
          "%s was signed for the log %s, and this node has the keys of %s; give all nodes the same file of keys"
              .formatted(signed, before.origin(), signing.origin()));
    }
    if (before.size() > LogReader.nextPosition(handle)) {
      return Optional.of(
          "the log has fewer events than %s: the database is an older copy, or its end was removed; nothing is signed"
              .formatted(signed));
    }
    if (before.size() <= size
        && !new Tree(TileView.source(handle), before.size()).root().equals(before.root())) {
      return Optional.of(
          "the log does not begin with %s: events that were signed have changed; nothing is signed, and stele fsck says more"
              .formatted(signed));
    }
    return Optional.empty();
  }

  private static Optional<Checkpoint> outside(Path file) throws IOException {
    try {
      return Optional.of(Checkpoint.parse(SignedNote.parse(Files.readString(file)).text()));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }
}
