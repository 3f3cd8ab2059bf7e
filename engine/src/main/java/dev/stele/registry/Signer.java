package dev.stele.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.blob.OwnerOnly;
import dev.stele.log.LogCheckpoint;
import dev.stele.log.LogReader;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.SigningKey;
import dev.stele.merkle.Tile;
import dev.stele.merkle.Tree;
import dev.stele.projection.TileView;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs the log, on the node that leads: how many events it has, and the root of their tree.
 *
 * <p>Nothing is signed that does not begin with all that was signed before, be that what the
 * database has of it or what lies in a file beside it: then an alarm says so, and nothing is
 * appended on any node until an operator says that the log is to go on.
 *
 * <p>What is to be signed is read, then signed and kept in the file while nothing of the database
 * is held, and then published. A node that ends in between, or is not the first to publish, has
 * something true in its file that nobody was shown. For one thread, but for {@link #alarm}.
 */
final class Signer {
  private static final Logger logger = LoggerFactory.getLogger(Signer.class);

  /** Though nothing happened, so that others can tell a log that is still from one that is away. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private final Jdbi jdbi;
  private final LogSigning signing;
  private final AtomicReference<Optional<String>> alarm = new AtomicReference<>(Optional.empty());

  Signer(Jdbi jdbi, LogSigning signing) {
    this.jdbi = jdbi;
    this.signing = signing;
  }

  /** That something is to be signed. */
  private record Due(long number, Checkpoint checkpoint) {}

  /** The log is not what was signed, or cannot be signed; the message says why. */
  private static class UnsignableException extends Exception {
    private static final long serialVersionUID = 1L;

    private UnsignableException(String message) {
      super(message);
    }
  }

  /** The log is not what was signed; nothing may be appended to it. */
  private static final class BrokenException extends UnsignableException {
    private static final long serialVersionUID = 1L;
    private final String checkpoint;

    private BrokenException(Checkpoint checkpoint, String message) {
      super(message);
      this.checkpoint = checkpoint.body();
    }
  }

  /** What an operator must see to; empty while nothing is wrong. */
  Optional<String> alarm() {
    return alarm.get();
  }

  /** Signs what the log is, if that is due. Only for the node that leads. */
  boolean step() {
    Optional<String> before = alarm.get();
    Optional<String> wrong =
        attempt(
            () -> {
              Optional<SignedNote> outside = outside();
              Optional<Due> due = jdbi.inTransaction(handle -> due(handle, outside));
              if (due.isPresent()) {
                sign(due.get());
              }
            });
    if (!wrong.equals(before)) {
      wrong.ifPresentOrElse(
          reason -> logger.error("{}", reason), () -> logger.info("the log is signed again"));
    }
    return false;
  }

  /**
   * Looks whether the log begins with all that was signed. If it does not, nothing is appended from
   * then on, on whatever node.
   *
   * @return what is wrong; empty if nothing is
   */
  Optional<String> check() {
    return attempt(
        () -> {
          Optional<SignedNote> outside = outside();
          jdbi.<Void, UnsignableException>inTransaction(
              handle -> {
                requireBeginning(handle, outside, Checkpoints.newest(handle), size(handle));
                return null;
              });
        });
  }

  @FunctionalInterface
  private interface Attempt {
    void run() throws UnsignableException;
  }

  private Optional<String> attempt(Attempt work) {
    Optional<String> wrong = Optional.empty();
    try {
      work.run();
    } catch (BrokenException e) {
      jdbi.useTransaction(handle -> Checkpoints.noteBreak(handle, e.checkpoint, e.getMessage()));
      wrong = Optional.of(e.getMessage());
    } catch (UnsignableException e) {
      wrong = Optional.of(e.getMessage());
    }
    alarm.set(wrong);
    return wrong;
  }

  private Optional<SignedNote> outside() throws UnsignableException {
    try {
      return signing.last();
    } catch (IOException | IllegalArgumentException e) {
      throw new UnsignableException(
          "the last signed checkpoint in %s cannot be read, so the log is not signed: %s"
              .formatted(signing.file(), e.getMessage()));
    }
  }

  /** How many events the tree has; further it is not built yet. */
  private static long size(Handle handle) {
    long next = LogReader.nextPosition(handle);
    long tiled = LogCheckpoint.read(handle, TileView.NAME).nextPosition();
    return next - tiled < Tile.WIDTH ? next : tiled;
  }

  /** What is to be signed now, if anything is. */
  private Optional<Due> due(Handle handle, Optional<SignedNote> outside)
      throws UnsignableException {
    Optional<Checkpoints.Signed> last = Checkpoints.newest(handle);
    long size = size(handle);
    if (last.isPresent()
        && last.get().checkpoint().size() == size
        && Instant.now().isBefore(last.get().signedAt().plus(LONGEST))
        && Checkpoints.broken(handle).isEmpty()) {
      return Optional.empty();
    }
    requireBeginning(handle, outside, last, size);
    if (outside.map(note -> Checkpoint.parse(note.text()).size()).orElse(0L) > size) {
      return Optional.empty(); // The tree is behind by some tiles, and not the log.
    }
    return Optional.of(
        new Due(
            last.map(before -> before.number() + 1).orElse(0L),
            new Checkpoint(signing.origin(), size, root(handle, size))));
  }

  /** Requires that the log begins with all that was signed, and so is not broken any more. */
  private void requireBeginning(
      Handle handle, Optional<SignedNote> outside, Optional<Checkpoints.Signed> last, long size)
      throws UnsignableException {
    if (last.isPresent()) {
      requireBeginning(handle, last.get().note(), size, "the database");
    }
    if (outside.isPresent()) {
      requireBeginning(handle, outside.get(), size, signing.file().toString());
    }
    Optional<Checkpoint> broken = Checkpoints.broken(handle);
    if (broken.isPresent()) {
      requireBeginning(handle, broken.get(), size, "as a node found");
      Checkpoints.mend(handle); // since the database was restored further
    }
  }

  private static Hash root(Handle handle, long size) {
    return new Tree(TileView.source(handle), size).root();
  }

  /** Requires that a note was signed by the keys that are here, and that the log begins with it. */
  private void requireBeginning(Handle handle, SignedNote before, long size, String place)
      throws UnsignableException {
    Checkpoint checkpoint = Checkpoint.parse(before.text());
    requireOrigin(checkpoint, place);
    for (NoteKey key : signing.verifiers()) {
      if (!key.signed(checkpoint, before)) {
        throw new UnsignableException(
            "%s has no signature by the key %s of this node, so nothing is signed: that or the file of keys was changed; give all nodes the same file of keys, and stele log verify with keys and a checkpoint from elsewhere says more"
                .formatted(signed(checkpoint, place), key.label()));
      }
    }
    requireBeginning(handle, checkpoint, size, place);
  }

  private static String signed(Checkpoint before, String place) {
    return "what was signed before (%,d events, in %s)".formatted(before.size(), place);
  }

  private void requireOrigin(Checkpoint before, String place) throws UnsignableException {
    if (!before.origin().equals(signing.origin())) {
      throw new UnsignableException(
          "%s was signed for the log %s, and this node has the keys of %s; give all nodes the same file of keys"
              .formatted(signed(before, place), before.origin(), signing.origin()));
    }
  }

  /** Requires that the log begins with what was signed. */
  private void requireBeginning(Handle handle, Checkpoint before, long size, String place)
      throws UnsignableException {
    requireOrigin(before, place);
    String signed = signed(before, place);
    if (before.size() > LogReader.nextPosition(handle)) {
      throw new BrokenException(
          before,
          "the log has fewer events than %s: the database is an older copy, or its end was removed; nothing is signed or written until an operator says what is to be: stele log recover"
              .formatted(signed));
    }
    if (before.size() <= size && !root(handle, before.size()).equals(before.root())) {
      throw new BrokenException(
          before,
          "the log does not begin with %s: events that were signed have changed; nothing is signed or written until an operator says what is to be: stele log recover, and stele fsck says more"
              .formatted(signed));
    }
  }

  private void sign(Due due) throws UnsignableException {
    Instant now = Instant.now();
    SignedNote note = new SignedNote(due.checkpoint().body(), List.of());
    for (SigningKey key : signing.keys()) {
      note = note.with(key.sign(due.checkpoint(), now));
    }
    try {
      // Before the database: what was ever shown to anybody is in the file.
      OwnerOnly.replace(signing.file(), note.toString().getBytes(UTF_8));
    } catch (IOException e) {
      throw new UnsignableException(
          "the signed checkpoint cannot be kept in %s, so the log is not signed: %s"
              .formatted(signing.file(), e.getMessage()));
    }
    SignedNote signed = note;
    boolean published =
        jdbi.inTransaction(
            handle ->
                Checkpoints.publish(
                    handle,
                    due.number(),
                    signed,
                    now,
                    signing.policy().isWitnessed(due.checkpoint(), signed)));
    if (!published) {
      logger.debug("another node signed first");
    }
  }
}
