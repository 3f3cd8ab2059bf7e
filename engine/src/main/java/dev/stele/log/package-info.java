/**
 * The append-only log in PostgreSQL: one lane that appends, readers, and the signal that wakes
 * them.
 */
package dev.stele.log;
