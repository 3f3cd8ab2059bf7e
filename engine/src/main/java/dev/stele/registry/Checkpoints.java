package dev.stele.registry;

import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** What was signed, and what others said of it, as the database has it. */
final class Checkpoints {
  /** For how long one stays that nobody needs: whoever was asked about it has answered by then. */
  static final Duration KEPT = Duration.ofHours(1);

  private static final String SELECT =
      """
      SELECT number, note, signed_at, witnessed_at, token, stamped_at,
             ARRAY(SELECT line FROM cosignature WHERE checkpoint = number ORDER BY witness) AS lines
      FROM checkpoint
      """;

  private Checkpoints() {}

  /**
   * A checkpoint.
   *
   * @param number how many were signed before it
   * @param note with all signatures that there are
   * @param witnessedAt when enough witnesses had cosigned it, if they have
   * @param stamp what a time-stamp authority said of it, if it was asked
   */
  record Signed(
      long number,
      Checkpoint checkpoint,
      SignedNote note,
      Instant signedAt,
      Optional<Instant> witnessedAt,
      Optional<Stamp> stamp) {
    private static Signed of(ResultSet row) throws SQLException {
      StringBuilder note = new StringBuilder(row.getString("note"));
      for (String line : (String[]) row.getArray("lines").getArray()) {
        note.append(line).append('\n');
      }
      SignedNote read = SignedNote.parse(note.toString());
      return new Signed(
          row.getLong("number"),
          Checkpoint.parse(read.text()),
          read,
          Values.time(row, "signed_at"),
          Values.timeIfAny(row, "witnessed_at"),
          Stamp.of(row));
    }
  }

  /** A token of a time-stamp authority, and the time that it says. */
  @SuppressWarnings("ArrayRecordComponent") // read-only
  record Stamp(byte[] token, Instant at) {
    private static Optional<Stamp> of(ResultSet row) throws SQLException {
      byte[] token = row.getBytes("token");
      return token == null
          ? Optional.empty()
          : Optional.of(new Stamp(token, Values.time(row, "stamped_at")));
    }
  }

  /** The newest. */
  static Optional<Signed> newest(Handle handle) {
    return handle
        .createQuery(SELECT + "ORDER BY number DESC LIMIT 1")
        .map((row, _) -> Signed.of(row))
        .findOne();
  }

  /** The newest that enough witnesses have cosigned. */
  static Optional<Signed> witnessed(Handle handle) {
    return handle
        .createQuery(SELECT + "WHERE witnessed_at IS NOT NULL ORDER BY number DESC LIMIT 1")
        .map((row, _) -> Signed.of(row))
        .findOne();
  }

  /** The newest that a time-stamp authority has seen. */
  static Optional<Signed> stamped(Handle handle) {
    return handle
        .createQuery(SELECT + "WHERE token IS NOT NULL ORDER BY number DESC LIMIT 1")
        .map((row, _) -> Signed.of(row))
        .findOne();
  }

  /** Keeps what a time-stamp authority said; nothing if the checkpoint is there no more. */
  static void stamp(Handle handle, long number, byte[] token, Instant at) {
    handle
        .createUpdate(
            "UPDATE checkpoint SET token = :token, stamped_at = :at WHERE number = :number")
        .bind("number", number)
        .bind("token", token)
        .bind("at", at)
        .execute();
  }

  /**
   * Makes one the newest, and forgets those that nobody needs any more.
   *
   * @param witnessed whether nobody has to cosign it
   * @return false, and nothing is done, if there is one of that number already
   */
  static boolean publish(
      Handle transaction, long number, SignedNote note, Instant at, boolean witnessed) {
    boolean published =
        transaction
                .createUpdate(
                    """
                    INSERT INTO checkpoint (number, note, signed_at, witnessed_at)
                    VALUES (:number, :note, :at, :witnessed)
                    ON CONFLICT (number) DO NOTHING
                    """)
                .bind("number", number)
                .bind("note", note.toString())
                .bind("at", at)
                .bind("witnessed", witnessed ? at : null)
                .execute()
            > 0;
    if (published) {
      // The newest of each kind stays, the last that each witness cosigned, for which the metrics
      // ask, and whatever has a time stamp: that shows what was there by then.
      transaction
          .createUpdate(
              """
              DELETE FROM checkpoint old
              WHERE token IS NULL AND signed_at < :before AND number < :number
                AND (witnessed_at IS NULL
                     OR EXISTS (SELECT FROM checkpoint WHERE witnessed_at IS NOT NULL AND number > old.number))
                AND NOT EXISTS (
                  SELECT FROM cosignature mine
                  WHERE mine.checkpoint = old.number
                    AND NOT EXISTS (
                      SELECT FROM cosignature later
                      WHERE later.witness = mine.witness AND later.checkpoint > mine.checkpoint))
              """)
          .bind("before", at.minus(KEPT))
          .bind("number", number)
          .execute();
    }
    return published;
  }

  /**
   * A checkpoint, to which nobody adds anything until the transaction ends; empty if it is there no
   * more.
   */
  static Optional<Signed> lock(Handle transaction, long number) {
    boolean there =
        transaction
            .createQuery("SELECT number FROM checkpoint WHERE number = :number FOR UPDATE")
            .bind("number", number)
            .mapTo(Long.class)
            .findOne()
            .isPresent();
    return there ? find(transaction, number) : Optional.empty();
  }

  private static Optional<Signed> find(Handle handle, long number) {
    return handle
        .createQuery(SELECT + "WHERE number = :number")
        .bind("number", number)
        .map((row, _) -> Signed.of(row))
        .findOne();
  }

  /** Keeps what a witness said of a checkpoint, in the transaction that has it locked. */
  static void cosign(
      Handle transaction, long number, NoteKey witness, SignedNote.Line line, Instant at) {
    transaction
        .createUpdate(
            """
            INSERT INTO cosignature (checkpoint, witness, line, cosigned_at)
            VALUES (:number, :witness, :line, :at)
            ON CONFLICT (checkpoint, witness)
            DO UPDATE SET line = excluded.line, cosigned_at = excluded.cosigned_at
            """)
        .bind("number", number)
        .bind("witness", witness.label())
        .bind("line", line.toString())
        .bind("at", at)
        .execute();
  }

  /** Notes that enough witnesses have cosigned a checkpoint. */
  static void setWitnessed(Handle transaction, long number, Instant at) {
    transaction
        .createUpdate(
            """
            UPDATE checkpoint SET witnessed_at = :at WHERE number = :number AND witnessed_at IS NULL
            """)
        .bind("number", number)
        .bind("at", at)
        .execute();
  }

  /** When each of some witnesses last cosigned anything, by the labels of their keys. */
  static Map<String, Instant> lastCosigned(Handle handle, List<NoteKey> witnesses) {
    Map<String, Instant> found = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT asked.witness, newest.cosigned_at
            FROM unnest(:witnesses::text[]) asked (witness)
            CROSS JOIN LATERAL (
              SELECT cosigned_at FROM cosignature
              WHERE witness = asked.witness
              ORDER BY checkpoint DESC LIMIT 1) newest
            """)
        .bind("witnesses", witnesses.stream().map(NoteKey::label).toArray(String[]::new))
        .map((row, _) -> Map.entry(row.getString("witness"), Values.time(row, "cosigned_at")))
        .forEach(entry -> found.put(entry.getKey(), entry.getValue()));
    return found;
  }

  /** Notes that the log does not begin with a checkpoint, so that no node appends to it. */
  static void noteBreak(Handle transaction, String checkpoint, String reason) {
    transaction
        .createUpdate(
            """
            INSERT INTO log_break (checkpoint, reason, found_at) VALUES (:checkpoint, :reason, now())
            ON CONFLICT (only_row) DO NOTHING
            """)
        .bind("checkpoint", checkpoint)
        .bind("reason", reason)
        .execute();
  }

  /** The checkpoint of which that is noted. */
  static Optional<Checkpoint> broken(Handle handle) {
    return handle
        .createQuery("SELECT checkpoint FROM log_break")
        .mapTo(String.class)
        .findOne()
        .map(Checkpoint::parse);
  }

  /** It is not so, or not any more. */
  static void mend(Handle transaction) {
    transaction.execute("DELETE FROM log_break");
  }

  /**
   * Gives up all that was signed, since the log goes on from what there is.
   *
   * @return what the log does not begin with; empty, and nothing is done, if no node found that
   */
  static Optional<String> giveUp(Handle transaction) {
    Optional<String> lost =
        transaction
            .createQuery("DELETE FROM log_break RETURNING checkpoint")
            .mapTo(String.class)
            .findOne();
    if (lost.isPresent()) {
      transaction.execute("DELETE FROM checkpoint");
    }
    return lost;
  }
}
