/**
 * Collecting: what no root reaches any more, for longer than the grace period, is removed from the
 * views by commands that the lane decides again, and then from the stores.
 */
package dev.stele.gc;
