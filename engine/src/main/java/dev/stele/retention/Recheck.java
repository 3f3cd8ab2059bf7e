package dev.stele.retention;

import dev.stele.event.Event;
import java.util.Optional;

/**
 * A decision on record, made again from its recorded policy, input and time.
 *
 * @param position of the evaluation's event
 * @param problem why the result is not the recorded one, or could not be had; empty if it is
 */
public record Recheck(
    long position, Event.RetentionEvaluated evaluated, Optional<String> problem) {}
