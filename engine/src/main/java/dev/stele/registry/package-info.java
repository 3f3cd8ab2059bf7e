/**
 * The use cases: {@link dev.stele.registry.Registry} is what a protocol or an embedding program
 * talks to, which opens it as an {@link dev.stele.engine}; each command has a decider of its own,
 * which runs in the append lane.
 */
package dev.stele.registry;
