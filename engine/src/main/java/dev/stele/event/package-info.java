/**
 * The events, as immutable records, and their canonical bytes. Adding an event type means adding a
 * record here; every exhaustive switch over {@link dev.stele.event.Event} then fails to compile
 * until it says what the type means there.
 */
package dev.stele.event;
