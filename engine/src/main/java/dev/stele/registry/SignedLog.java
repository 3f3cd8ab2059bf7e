package dev.stele.registry;

import dev.stele.log.LogReader;
import dev.stele.merkle.Hash;
import dev.stele.merkle.LogProof;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.Tile;
import dev.stele.merkle.Tree;
import dev.stele.merkle.TrustPolicy;
import dev.stele.projection.TileView;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The log as others can check it: how many events it has and the root of their tree, signed, and
 * the tiles and entries that lead from there to each event (C2SP tlog-tiles). Thread-safe.
 */
public final class SignedLog {
  private final Jdbi jdbi;
  private final Commands commands;
  private final Optional<LogSigning> signing;

  SignedLog(Jdbi jdbi, Commands commands, Optional<LogSigning> signing) {
    this.jdbi = jdbi;
    this.commands = commands;
    this.signing = signing;
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
            Checkpoints.newest(handle)
                .filter(newest -> position >= 0 && position < newest.checkpoint().size())
                .map(
                    newest ->
                        new LogProof(
                            TileView.leaves(handle, position, 1).getFirst().bytes(),
                            position,
                            new Tree(TileView.source(handle), newest.checkpoint().size())
                                .inclusion(position),
                            newest.note())));
  }

  /** The newest signed checkpoint, and who has cosigned it so far; empty if none was signed yet. */
  public Optional<SignedNote> newest() {
    return Availability.read(jdbi, Checkpoints::newest).map(Checkpoints.Signed::note);
  }

  /**
   * Looks whether the log begins with all that was signed. If it does not, nothing is appended from
   * then on, on whatever node, until {@link #declareBreak}.
   *
   * @param how it is signed
   * @return what is wrong; empty if nothing is
   */
  public Optional<String> check(LogSigning how) {
    return Availability.guard(() -> new Signer(jdbi, how).check());
  }

  /**
   * An operator's word that the log goes on from what there is, though it does not begin with what
   * was signed. What was signed is given up in the database; the file beside it is the caller's to
   * move away.
   *
   * @param caller with a reason
   * @return the checkpoint that the log does not begin with; empty, and nothing is done, if {@link
   *     #check} found no such thing
   */
  public Optional<String> declareBreak(Caller caller) {
    return commands.append(caller, new DeclareBreak(commands.initiator(caller)));
  }

  /**
   * The newest checkpoint that as many witnesses have cosigned as must; where none must, the newest
   * that was signed. Empty if there is none yet.
   */
  public Optional<SignedNote> witnessed() {
    return Availability.read(jdbi, Checkpoints::witnessed)
        // Others may have to now than when it was noted.
        .filter(
            found ->
                signing
                    .filter(how -> !how.policy().isWitnessed(found.checkpoint(), found.note()))
                    .isEmpty())
        .map(Checkpoints.Signed::note);
  }

  /** The newest checkpoint that a time-stamp authority has seen; empty if it has seen none. */
  public Optional<TimeStampedCheckpoint> stamped() {
    return Availability.read(jdbi, Checkpoints::stamped)
        .flatMap(
            found ->
                found
                    .stamp()
                    .map(
                        stamp ->
                            new TimeStampedCheckpoint(found.note(), stamp.token(), stamp.at())));
  }

  /** The keys by which others check signatures; none if this program does not sign. */
  public List<NoteKey> keys() {
    return signing.map(LogSigning::verifiers).orElse(List.of());
  }

  /** Which checkpoints of the log count; empty if this program does not sign. */
  public Optional<TrustPolicy> policy() {
    return signing.map(LogSigning::policy);
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
    return Checkpoints.newest(handle)
        .filter(newest -> tile.width(newest.checkpoint().size()) >= width)
        .isPresent();
  }
}
