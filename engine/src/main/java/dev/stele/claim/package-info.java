/**
 * Whose the stores are: a store belongs to one log, and is neither written to nor collected from by
 * any other, unless an operator says so.
 */
package dev.stele.claim;
