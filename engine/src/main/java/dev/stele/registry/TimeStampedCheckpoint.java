package dev.stele.registry;

import dev.stele.merkle.SignedNote;
import java.time.Instant;

/**
 * A checkpoint that an authority has seen.
 *
 * @param note with all signatures that there are
 * @param token of the authority (RFC 3161) over the SHA-256 of the note's text, in DER
 * @param at the time that the token says
 */
@SuppressWarnings("ArrayRecordComponent") // read-only
public record TimeStampedCheckpoint(SignedNote note, byte[] token, Instant at) {}
