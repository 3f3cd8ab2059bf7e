package dev.stele.history;

import java.time.Instant;

/**
 * Since which event something was so.
 *
 * @param position of that event
 * @param at when it was recorded
 */
public record Since(long position, Instant at) {}
