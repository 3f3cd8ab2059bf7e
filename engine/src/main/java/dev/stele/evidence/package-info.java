/**
 * Answers that can be checked without the registry: what was asked for, the leaves that answer it,
 * and what shows that these are in the log. Needs neither the engine nor a database.
 */
package dev.stele.evidence;
