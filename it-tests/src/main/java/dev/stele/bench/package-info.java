/**
 * The benchmark behind {@code stele bench}: the same client code drives Stele and, where it is
 * installed, other registries, in turn. It speaks to both over HTTP only and starts both as
 * processes of their own.
 */
package dev.stele.bench;
