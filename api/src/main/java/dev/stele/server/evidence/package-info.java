/** Asks others, over HTTP, for what they add to the checkpoints of the log. */
package dev.stele.server.evidence;
