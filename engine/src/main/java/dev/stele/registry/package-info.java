/**
 * The use cases: {@link dev.stele.registry.Registry} is what an embedding program or a protocol
 * talks to; each command has a decider of its own, which runs in the append lane.
 */
package dev.stele.registry;
